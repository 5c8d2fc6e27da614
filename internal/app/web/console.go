// Package web assembles the console function. It is not in package app because a program initialises all
// packages that it imports: without those of the other functions, the console is half a megabyte smaller
// and starts sooner.
package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo/sessions"
	"trueup/internal/config"
	"trueup/internal/console"
	"trueup/internal/console/session"
)

// Name is the name of the console in the manifest.
const Name = "console"

// Run runs the console, which serves HTTP, until Lambda stops it.
func Run(secret program.Secret) {
	program.Run(Name, func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return program.Serve(settings, Console(settings, c, secret, log), log)
	})
}

// Console returns the handler of the console function.
func Console(settings config.Config, c aws.Config, secret program.Secret, log *slog.Logger) http.Handler {
	if settings.API == "" || settings.UploadsBucket == "" {
		panic("web: the console has no address of the API, or no bucket for uploads")
	}
	client := http.DefaultClient
	return console.New(console.Options{
		API: settings.API, Client: client, Sessions: Sessions(settings, c, secret, client, log), Now: time.Now, Log: log,
		Uploads: uploadsOrigin(settings, c, config.Environment), Samples: samples(settings.Samples),
	})
}

// samples returns the files in a folder; nil for no folder.
func samples(folder string) fs.FS {
	if folder == "" {
		return nil
	}
	return os.DirFS(folder)
}

// Sessions returns the sessions of the console. They use the client for requests to the issuer.
func Sessions(settings config.Config, c aws.Config, secret program.Secret, client *http.Client, log *slog.Logger) *session.Keeper {
	o := session.Options{
		Store:  sessions.Open(dynamodb.NewFromConfig(c, program.Retries(5, 200*time.Millisecond)), settings.SessionsTable),
		Origin: settings.Console.Origin, Issuer: settings.Console.Issuer, Client: settings.Console.Client, Scopes: strings.Fields(settings.Console.Scopes),
		SignIn: settings.SignIn, HTTP: client, Clock: time.Now, Log: log,
	}
	if name := settings.Console.Secret; name != "" {
		read := secret(c, name)
		o.Secret = func(ctx context.Context) (string, error) {
			_, value, err := read(ctx)
			return value, err
		}
	}
	return session.New(o)
}

// uploadsOrigin returns the origin to which pages upload files with presigned addresses.
func uploadsOrigin(settings config.Config, c aws.Config, lookup func(string) string) string {
	if endpoint := lookup("AWS_ENDPOINT_URL_S3"); endpoint != "" { // of the local stack, which has paths for buckets
		return endpoint
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(c.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://" + settings.UploadsBucket + ".s3." + c.Region + "." + domain
}
