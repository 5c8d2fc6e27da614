// Command refresh is the function that refreshes licence data: it reads statements,
// asks what agreement pairs entitle to, and publishes the reports of the day.
package main

import (
	_ "time/tzdata" // the runtime may have no time zones of its own

	"trueup/internal/app"
)

func main() { app.RunRefresher() }
