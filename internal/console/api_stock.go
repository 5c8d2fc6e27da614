package console

import "time"

// The responses of the API about the catalog, statements and adjustments, as in api.go.
type (
	publisherList struct {
		Items []publisher `json:"items"`
	}
	publisher struct {
		ID         string   `json:"id"`
		Name       string   `json:"name"`
		Aliases    []string `json:"aliases"`
		TitleCount int      `json:"titleCount"`
	}
	titleList struct {
		Items []productTitle `json:"items"`
	}
	productTitle struct {
		ID      string   `json:"id"`
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	}

	statementPage struct {
		Items      []statement `json:"items"`
		NextCursor string      `json:"nextCursor"`
	}
	statement struct {
		ID       string    `json:"id"`
		FileName string    `json:"fileName"`
		State    string    `json:"state"`
		Final    bool      `json:"final"`
		Kind     string    `json:"kind"`
		Date     string    `json:"date"`
		By       string    `json:"by"`
		At       time.Time `json:"at"`
		Lines    int       `json:"lines"`
		Errors   int       `json:"errors"`
	}
	checkedStatement struct {
		ID        string    `json:"id"`
		FileName  string    `json:"fileName"`
		State     string    `json:"state"`
		Final     bool      `json:"final"`
		Kind      string    `json:"kind"`
		Date      string    `json:"date"`
		By        string    `json:"by"`
		At        time.Time `json:"at"`
		Rows      int       `json:"rows"`
		Lines     int       `json:"lines"`
		Skipped   int       `json:"skipped"`
		Unchanged int       `json:"unchanged"`
		Rejected  int       `json:"rejected"`
		Findings  []finding `json:"findings"`
		Version   int64     `json:"version"`
	}

	adjustmentList struct {
		Items              []adjustment `json:"items"`
		AdjustmentsVersion int64        `json:"adjustmentsVersion"`
	}
	adjustment struct {
		ID        string `json:"id"`
		Publisher string `json:"publisher"`
		Product   string `json:"product"`
		Quantity  int    `json:"quantity"`
		Note      string `json:"note"`
		End       string `json:"end"`
		State     string `json:"state"`
	}
	changedAdjustment struct {
		Product  string `json:"product"`
		Quantity int    `json:"quantity"`
	}
)
