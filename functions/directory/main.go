// Command directory is the function that receives lists of users, devices and subscriptions, does jobs that
// change licences, serves users who wait for them, and checks every night that the licences add up.
package main

import (
	_ "time/tzdata" // the runtime may lack time zone data

	"trueup/internal/app"
)

func main() { app.RunDirectory() }
