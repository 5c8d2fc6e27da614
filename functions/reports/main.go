// Command reports is the function that serves reports, refreshes of licence data,
// and statements, over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunReports() }
