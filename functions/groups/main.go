// Command groups is the function that serves license groups over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunGroups() }
