//go:build cdk

// Package main is the CDK app: the one CloudFormation stack trueup runs on.
//
// What is deployed is said once, elsewhere, as plain data: functions and their
// access in package manifest, routes in package route, keys and indexes in
// package schema, roles in package access, settings in package config. This
// package only turns those into resources and adds what belongs to the ground
// they stand on: encryption, retention, alarms, sign-in.
//
// The template names no account and no region, so synthesis needs neither
// credentials nor a network. The build tag keeps CDK, which is large, away from
// those who only build or test the functions.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/manifest"
)

// dist is where `make build` puts one folder per function.
const dist = "dist"

func main() {
	defer jsii.Close()
	if err := synth(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		jsii.Close()
		os.Exit(1)
	}
}

func synth() error {
	for _, f := range manifest.Functions {
		if _, err := os.Stat(filepath.Join(dist, f.Name, "bootstrap")); err != nil {
			return fmt.Errorf("infra: function %s is not built, run make build: %w", f.Name, err)
		}
	}
	app := newApp(nil)
	chosen, err := readSettings(func(name string) string {
		if value := app.Node().TryGetContext(jsii.String(name)); value != nil {
			return fmt.Sprint(value)
		}
		return ""
	})
	if err != nil {
		return err
	}
	newStack(app, chosen, dist)
	app.Synth(nil)
	return nil
}

// newApp returns an app without CDK's own metadata, so that a template is the
// same whoever synthesises it. The command line passes the context of cdk.json
// itself; only tests give one.
func newApp(context map[string]any) awscdk.App {
	props := awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)}
	if context != nil {
		props.Context = &context
	}
	return awscdk.NewApp(&props)
}
