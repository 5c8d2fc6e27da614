// Command agreements is the function that serves agreements and imports over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunAgreements() }
