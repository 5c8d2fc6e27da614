// Command reminders is the function that serves reminders and calendar feeds over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunReminders() }
