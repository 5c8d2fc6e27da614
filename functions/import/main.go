// Command import is the function that imports CSV files of agreement pairs from the uploads
// bucket.
package main

import "trueup/internal/app"

func main() { app.RunImporter() }
