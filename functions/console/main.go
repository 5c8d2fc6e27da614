// Command console is the function that serves the web console.
package main

import (
	"trueup/internal/app/web"
	"trueup/internal/aws/secrets"
)

func main() { web.Run(secrets.Of) }
