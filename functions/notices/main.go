// Command notices is the function that sends reminders to the notification topic.
package main

import (
	_ "time/tzdata" // the runtime may lack time zone data

	"trueup/internal/app"
)

func main() { app.RunNotices() }
