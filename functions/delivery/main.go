// Command delivery is the function that makes files of saved views on their schedules.
package main

import (
	"trueup/internal/app"
	"trueup/internal/aws/topic"
	"trueup/internal/aws/userpool"
)

func main() { app.RunDelivery(app.Clients{Topic: topic.Of, Pool: userpool.Of}) }
