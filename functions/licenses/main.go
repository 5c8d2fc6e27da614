// Command licenses is the function that serves subscriptions, users and their licences over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunLicenses() }
