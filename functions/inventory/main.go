// Command inventory is the function that counts files of inventory.
package main

import "trueup/internal/app"

func main() { app.RunInventory() }
