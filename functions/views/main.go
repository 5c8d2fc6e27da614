// Command views is the function that serves saved views and their files over HTTP.
package main

import (
	_ "time/tzdata" // the runtime may lack time zone data

	"trueup/internal/app"
)

func main() { app.RunViews() }
