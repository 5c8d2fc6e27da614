package console

import (
	"strings"
	"time"
)

// The responses of the API about inventory, rules and unknown titles, as in api.go.
type (
	inventory struct {
		Devices  int               `json:"devices"`
		Titles   int               `json:"titles"`
		Unknown  int               `json:"unknown"`
		Counting bool              `json:"counting"`
		Sources  []inventorySource `json:"sources"`
	}
	inventorySource struct {
		ID      string          `json:"id"`
		Source  string          `json:"source"`
		Counted *inventoryCount `json:"counted"`
		Last    inventoryFile   `json:"last"`
	}
	inventoryFile struct {
		File   string    `json:"file"`
		At     time.Time `json:"at"`
		By     string    `json:"by"`
		State  string    `json:"state"`
		Reason *coded    `json:"reason"`
	}
	inventoryCount struct {
		File           string     `json:"file"`
		At             time.Time  `json:"at"`
		Shape          string     `json:"shape"`
		Estimated      bool       `json:"estimated"`
		MacOS          bool       `json:"macOS"`
		Rows           int        `json:"rows"`
		BadRows        int        `json:"badRows"`
		Devices        int        `json:"devices"`
		Titles         int        `json:"titles"`
		Unknown        int        `json:"unknown"`
		Products       int        `json:"products"`
		ByCurrentRules bool       `json:"byCurrentRules"`
		Kept           *coded     `json:"kept"`
		OtherPlatforms []platform `json:"otherPlatforms"`
	}
	platform struct {
		Platform string `json:"platform"`
		Devices  int    `json:"devices"`
	}
	inventorySourceRead struct {
		ID      string          `json:"id"`
		Source  string          `json:"source"`
		Counted *inventoryCount `json:"counted"`
		Last    inventoryFile   `json:"last"`
		Notes   []inventoryNote `json:"notes"`
		BadRows []badRow        `json:"badRows"`
	}
	inventoryNote struct {
		File    string `json:"file"`
		Message string `json:"message"`
	}
	badRow struct {
		File    string `json:"file"`
		Line    int    `json:"line"`
		Message string `json:"message"`
	}
	inventoryTitlePage struct {
		Items      []inventoryTitle `json:"items"`
		NextCursor string           `json:"nextCursor"`
	}
	inventoryTitle struct {
		Source      string `json:"source"`
		Publisher   string `json:"publisher"`
		Name        string `json:"name"`
		Version     string `json:"version"`
		Devices     int    `json:"devices"`
		Kind        string `json:"kind"`
		Explanation string `json:"explanation"`
	}

	queuePage struct {
		Items        []queueEntry `json:"items"`
		NextCursor   string       `json:"nextCursor"`
		Total        int          `json:"total"`
		RulesVersion int64        `json:"rulesVersion"`
	}
	queueEntry struct {
		ID           string         `json:"id"`
		Name         string         `json:"name"`
		Publisher    string         `json:"publisher"`
		Devices      int            `json:"devices"`
		Versions     []queueVersion `json:"versions"`
		VersionCount int            `json:"versionCount"`
		Likelihood   int            `json:"likelihood"`
		Reasons      []coded        `json:"reasons"`
		Proposals    []proposal     `json:"proposals"`
	}
	queueVersion struct {
		Version string `json:"version"`
		Devices int    `json:"devices"`
	}
	proposalList struct {
		Items []proposal `json:"items"`
	}
	proposal struct {
		ID      string      `json:"id"`
		Kind    string      `json:"kind"`
		Product productName `json:"product"`
		Score   int         `json:"score"`
	}
	acceptedProposals struct {
		Items    []acceptedEntry `json:"items"`
		NotFound []string        `json:"notFound"`
		Warnings []coded         `json:"warnings"`
	}
	acceptedEntry struct {
		Entry string `json:"entry"`
	}

	rulePage struct {
		Items        []rule `json:"items"`
		NextCursor   string `json:"nextCursor"`
		RulesVersion int64  `json:"rulesVersion"`
	}
	rule struct {
		ID        string       `json:"id"`
		Position  int          `json:"position"`
		Kind      string       `json:"kind"`
		Name      string       `json:"name"`
		Publisher string       `json:"publisher"`
		Version   string       `json:"version"`
		Product   *productName `json:"product"`
		Title     *titleName   `json:"title"`
	}
	changedRule struct {
		ID       string       `json:"id"`
		Name     string       `json:"name"`
		Matches  titleMatches `json:"matches"`
		Warnings []coded      `json:"warnings"`
	}
	titleMatches struct {
		Titles  int `json:"titles"`
		Devices int `json:"devices"`
	}
	deletedRules struct {
		Succeeded int `json:"succeeded"`
		Failed    int `json:"failed"`
	}
	recognition struct {
		Kind        string       `json:"kind"`
		Explanation string       `json:"explanation"`
		Product     *productName `json:"product"`
		Rule        string       `json:"rule"`
		Alias       string       `json:"alias"`
	}

	decisionList struct {
		Items        []titleDecision `json:"items"`
		RulesVersion int64           `json:"rulesVersion"`
	}
	titleDecision struct {
		ID      string         `json:"id"`
		Name    string         `json:"name"`
		Choices []decidedTitle `json:"choices"`
	}
	decidedTitle struct {
		Versions string       `json:"versions,omitempty"`
		Kind     string       `json:"kind"`
		Product  *productName `json:"product,omitempty"`
	}
	changedDecision struct {
		Name     string         `json:"name"`
		Matches  []titleMatches `json:"matches"`
		Warnings []coded        `json:"warnings"`
	}
	undecidedList struct {
		Items []undecided `json:"items"`
	}
	undecided struct {
		ID         string           `json:"id"`
		Name       string           `json:"name"`
		Devices    int              `json:"devices"`
		Candidates []candidate      `json:"candidates"`
		Titles     []undecidedTitle `json:"titles"`
	}
	undecidedTitle struct {
		Source    string `json:"source"`
		Publisher string `json:"publisher"`
		Name      string `json:"name"`
		Version   string `json:"version"`
		Devices   int    `json:"devices"`
	}
	candidate struct {
		Kind    string      `json:"kind"`
		Product productName `json:"product"`
	}
)

// productName is a product by its parts, in responses and bodies.
type productName struct {
	Publisher string `json:"publisher,omitempty"`
	Family    string `json:"family,omitempty"`
	Edition   string `json:"edition,omitempty"`
	Version   string `json:"version,omitempty"`
}

// titleName is the title by which an alias replaces another one.
type titleName struct {
	Publisher string `json:"publisher,omitempty"`
	Name      string `json:"name,omitempty"`
	Version   string `json:"version,omitempty"`
}

// String returns the name for people. It does not repeat a publisher with which the family begins.
func (p productName) String() string {
	if strings.HasPrefix(strings.ToLower(p.Family)+" ", strings.ToLower(p.Publisher)+" ") {
		p.Publisher = ""
	}
	return strings.Join(strings.Fields(p.Publisher+" "+p.Family+" "+p.Edition+" "+p.Version), " ")
}

// String returns the title for people.
func (t titleName) String() string {
	return strings.Join(strings.Fields(t.Publisher+" "+t.Name+" "+t.Version), " ")
}
