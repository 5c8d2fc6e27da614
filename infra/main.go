//go:build cdk

// Package main is the CDK app: the one CloudFormation stack that trueup runs on.
//
// Other packages declare what is deployed, as plain data: functions and their access
// in package manifest, routes in package route, keys and indexes in package schema,
// roles in package access, settings in package config. This package turns them into
// resources and adds encryption, retention, alarms and sign-in.
//
// The template names no account and no region, so synthesis needs neither
// credentials nor a network. With the build tag, building and testing the functions
// does not need CDK, which is large.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/manifest"
)

// dist is the folder in which `make build` puts one folder per function.
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
	context := map[string]string{}
	chosen, err := readSettings(recording(context, func(name string) string {
		return contextText(app.Node().TryGetContext(jsii.String(name)))
	}))
	if err != nil {
		return err
	}
	record(newStack(app, chosen, dist), context)
	app.Synth(nil)
	return nil
}

// recording returns lookup, which also puts every value that it returns into context.
func recording(context map[string]string, lookup func(string) string) func(string) string {
	return func(name string) string {
		context[name] = lookup(name)
		return context[name]
	}
}

// record writes the context to the metadata of the template, the unset values as "". There
// infra/deploy.sh reads what a later deployment keeps.
func record(stack awscdk.Stack, context map[string]string) {
	stack.TemplateOptions().SetMetadata(&map[string]any{"trueup": map[string]any{"context": context}})
}

// contextText returns a context value as text, as -c name=value gives it. In cdk.context.json a value
// may also be a number, true or false, a list, which becomes texts with commas between, or an object,
// which becomes JSON.
func contextText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case []any:
		texts := make([]string, len(value))
		for i := range value {
			texts[i] = fmt.Sprint(value[i])
		}
		return strings.Join(texts, ",")
	case map[string]any:
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // it was read from JSON
		}
		return string(text)
	default:
		return fmt.Sprint(value)
	}
}

// newApp returns an app without CDK's own metadata, so that the template is the same
// on every machine. Only tests pass a context: the cdk command passes the one of
// cdk.json itself.
func newApp(context map[string]any) awscdk.App {
	props := awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)}
	if context != nil {
		props.Context = &context
	}
	return awscdk.NewApp(&props)
}
