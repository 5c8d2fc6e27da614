package main

import (
	"context"
	"fmt"
	"net/http"
)

// views are saved views of Kingfisher; the first is made as a file every Monday.
var views = []map[string]any{
	{
		"name": "Missing licences", "report": "license-installations", "filters": map[string]string{"verdict": "unlicensed"}, "sort": "difference", "order": "asc", "shared": true,
		"schedule": map[string]any{"every": "week", "weekday": "monday", "format": "xlsx", "language": "en"},
	},
	{"name": "Ends within 90 days", "report": "license-purchases", "filters": map[string]string{"status": "expiring"}, "sort": "end", "order": "asc"},
}

// saveViews saves the views, unless they exist.
func (c client) saveViews(ctx context.Context) error {
	for _, v := range views {
		answer, err := c.post(ctx, "/views", v)
		if err != nil {
			return err
		}
		if answer.status != http.StatusCreated && answer.status != http.StatusConflict {
			return fmt.Errorf("saving the view %s: %s", v["name"], answer.body)
		}
	}
	return nil
}
