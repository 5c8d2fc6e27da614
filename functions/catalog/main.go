// Command catalog is the function that serves the catalog of publishers and
// product titles over HTTP.
package main

import "trueup/internal/app"

func main() { app.RunCatalog() }
