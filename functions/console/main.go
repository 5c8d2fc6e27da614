// Command console is the function that serves the web console.
package main

import (
	"trueup/internal/app"
	"trueup/internal/aws/secrets"
)

func main() { app.RunConsole(secrets.Of) }
