// Command import is the function behind the uploads bucket: it turns CSV files of
// agreement pairs into agreements.
package main

import "trueup/internal/app"

func main() { app.RunImporter() }
