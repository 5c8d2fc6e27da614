package console

import (
	"net/url"
	"strings"
	"time"

	"trueup/internal/console/client"
)

// The responses of the API about saved views, as in api.go.
type (
	savedViewPage struct {
		Items      []savedView `json:"items"`
		NextCursor string      `json:"nextCursor"`
	}
	savedView struct {
		ID        string            `json:"id"`
		Name      string            `json:"name"`
		Report    string            `json:"report"`
		Filters   map[string]string `json:"filters"`
		Sort      string            `json:"sort"`
		Order     string            `json:"order"`
		Columns   []string          `json:"columns"`
		Shared    bool              `json:"shared"`
		Schedule  *viewSchedule     `json:"schedule"`
		Own       bool              `json:"own"`
		OwnerName string            `json:"ownerName"`
		Sending   *viewSending      `json:"sending"`
		LastDay   string            `json:"lastDay"`
		Version   int64             `json:"version"`
	}
	viewSchedule struct {
		Every    string `json:"every"`
		Weekday  string `json:"weekday,omitempty"`
		Day      int    `json:"day,omitempty"`
		Format   string `json:"format"`
		Language string `json:"language"`
	}
	viewSending struct {
		State   string    `json:"state"`
		NextAt  time.Time `json:"nextAt"`
		Skipped string    `json:"skipped"`
		Stopped *viewStop `json:"stopped"`
	}
	viewStop struct {
		Message string    `json:"message"`
		At      time.Time `json:"at"`
	}
	viewFilePage struct {
		Items      []viewFile `json:"items"`
		NextCursor string     `json:"nextCursor"`
	}
	viewFile struct {
		Day      string    `json:"day"`
		At       time.Time `json:"at"`
		Format   string    `json:"format"`
		Language string    `json:"language"`
	}
)

// viewEndpoints are the operations of the API about saved views, named by their ids.
type viewEndpoints struct {
	listViews     client.Operation[savedViewPage]
	createView    client.Operation[savedView]
	getView       client.Operation[savedView]
	replaceView   client.Operation[savedView]
	deleteView    client.Operation[client.None]
	stopView      client.Operation[savedView]
	resumeView    client.Operation[savedView]
	sendView      client.Operation[savedView]
	listViewFiles client.Operation[viewFilePage]
}

var saved = viewEndpoints{
	listViews:     client.Get[savedViewPage]("/views"),
	createView:    client.Post[savedView]("/views"),
	getView:       client.Get[savedView]("/views/{id}"),
	replaceView:   client.Put[savedView]("/views/{id}"),
	deleteView:    client.Delete[client.None]("/views/{id}"),
	stopView:      client.Post[savedView]("/views/{id}/stop"),
	resumeView:    client.Post[savedView]("/views/{id}/resumption"),
	sendView:      client.Post[savedView]("/views/{id}/sending"),
	listViewFiles: client.Get[viewFilePage]("/views/{id}/files"),
}

func (s *savedView) path() string { return "/console/views/" + s.ID }

// stopped reports whether its schedule has stopped.
func (s *savedView) stopped() bool { return s.Sending != nil && s.Sending.Stopped != nil }

// parameters returns the query of the report.
func (s *savedView) parameters() url.Values {
	values := url.Values{}
	for name, value := range s.Filters {
		values.Set(name, value)
	}
	if s.Sort != "" {
		values.Set("sort", s.Sort)
		values.Set("order", s.Order)
	}
	if len(s.Columns) > 0 {
		values.Set(columnsParameter, strings.Join(s.Columns, ","))
	}
	return values
}
