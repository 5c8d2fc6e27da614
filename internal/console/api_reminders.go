package console

import (
	"time"

	"trueup/internal/console/client"
)

// reminderEndpoints are the operations of the API about reminders. See endpoints.
type reminderEndpoints struct {
	listReminders      client.Operation[reminderPage]
	getReminderFeed    client.Operation[reminderFeed]
	makeReminderFeed   client.Operation[madeFeed]
	revokeReminderFeed client.Operation[client.None]
}

var reminding = reminderEndpoints{
	listReminders:      client.Get[reminderPage]("/reminders"),
	getReminderFeed:    client.Get[reminderFeed]("/reminder-feed"),
	makeReminderFeed:   client.Put[madeFeed]("/reminder-feed"),
	revokeReminderFeed: client.Delete[client.None]("/reminder-feed"),
}

type (
	reminderPage struct {
		Items      []reminder     `json:"items"`
		NextCursor string         `json:"nextCursor"`
		Totals     reminderTotals `json:"totals"`
	}
	reminderTotals struct {
		Reminders int `json:"reminders"`
		Now       int `json:"now"`
		Within7   int `json:"within7"`
		Within30  int `json:"within30"`
		Within90  int `json:"within90"`
		Later     int `json:"later"`
	}
	reminder struct {
		Kind      string `json:"kind"`
		Cause     string `json:"cause"`
		SubjectID string `json:"subjectId"`
		Name      string `json:"name"`
		Publisher string `json:"publisher"`
		Product   string `json:"product"`
		Products  int    `json:"products"`
		Date      string `json:"date"`
		DaysLeft  int    `json:"daysLeft"`
		Urgency   string `json:"urgency"`
		Reason    *coded `json:"reason"`
	}
	reminderFeed struct {
		Exists     bool      `json:"exists"`
		Live       bool      `json:"live"`
		Language   string    `json:"language"`
		MadeAt     time.Time `json:"madeAt"`
		LastReadAt time.Time `json:"lastReadAt"`
		StopsOn    string    `json:"stopsOn"`
	}
	madeFeed struct {
		Address string `json:"address"`
	}
)
