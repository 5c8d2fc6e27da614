// Command refresh is the function that refreshes licence data: it reads statements, looks up the
// entitlements of agreement pairs, and publishes the reports of the day.
package main

import (
	_ "time/tzdata" // the runtime may lack time zone data

	"trueup/internal/app"
	"trueup/internal/aws/secrets"
)

func main() { app.RunRefresher(secrets.Of) }
