// Command inventory is the function that processes inventory files.
package main

import "trueup/internal/app"

func main() { app.RunInventory() }
