package console

import (
	"time"

	"trueup/internal/console/client"
)

// The responses of the API about files, reports and refreshes, as in api.go.
type (
	importPage struct {
		Items      []imported `json:"items"`
		NextCursor string     `json:"nextCursor"`
	}
	imported struct {
		ID                 string    `json:"id"`
		FileName           string    `json:"fileName"`
		State              string    `json:"state"`
		Final              bool      `json:"final"`
		DryRun             bool      `json:"dryRun"`
		OnError            string    `json:"onError"`
		By                 string    `json:"by"`
		Group              string    `json:"group"`
		GroupID            string    `json:"groupId"`
		Annotated          bool      `json:"annotated"`
		Rows               int       `json:"rows"`
		Added              int       `json:"added"`
		Unchanged          int       `json:"unchanged"`
		Rejected           int       `json:"rejected"`
		AgreementsCreated  int       `json:"agreementsCreated"`
		AgreementsExtended int       `json:"agreementsExtended"`
		Errors             int       `json:"errors"`
		Warnings           int       `json:"warnings"`
		Reason             *coded    `json:"reason"`
		ReceivedAt         time.Time `json:"receivedAt"`
		FinishedAt         time.Time `json:"finishedAt"`
	}
	createdImport struct {
		Import imported      `json:"import"`
		Upload client.Upload `json:"upload"`
	}
	findingPage struct {
		Items      []finding `json:"items"`
		NextCursor string    `json:"nextCursor"`
	}
	finding struct {
		Severity   string `json:"severity"`
		Line       int    `json:"line"`
		ColumnName string `json:"columnName"`
		Value      string `json:"value"`
		Message    string `json:"message"`
	}

	installations struct {
		DataAt               *time.Time     `json:"dataAt"`
		Stale                bool           `json:"stale"`
		Notice               string         `json:"notice"`
		Totals               productTotals  `json:"totals"`
		LeftOut              leftOut        `json:"leftOut"`
		UnmatchedAdjustments int            `json:"unmatchedAdjustments"`
		Verdicts             verdictCounts  `json:"verdicts"`
		Searched             *searched      `json:"searched"`
		Rows                 []installation `json:"rows"`
		NextCursor           string         `json:"nextCursor"`
	}
	verdictCounts struct {
		Short       int `json:"short"`
		Unlicensed  int `json:"unlicensed"`
		Unused      int `json:"unused"`
		Covered     int `json:"covered"`
		Undecided   int `json:"undecided"`
		NotMeasured int `json:"notMeasured"`
	}
	searched struct {
		Devices    int          `json:"devices"`
		ByName     int          `json:"byName"`
		NotFound   int          `json:"notFound"`
		Ambiguous  int          `json:"ambiguous"`
		PCs        int          `json:"pcs"`
		Unsearched []unsearched `json:"unsearched"`
	}
	unsearched struct {
		Source string `json:"source"`
		Reason string `json:"reason"`
		PCs    int    `json:"pcs"`
	}
	missedPage struct {
		Items      []missedDevice `json:"items"`
		NextCursor string         `json:"nextCursor"`
	}
	missedDevice struct {
		ID              string `json:"id"`
		DisplayName     string `json:"displayName"`
		OperatingSystem string `json:"operatingSystem"`
		Reason          string `json:"reason"`
	}
	installation struct {
		ID         string  `json:"id"`
		Publisher  string  `json:"publisher"`
		Product    string  `json:"product"`
		Measure    string  `json:"measure"`
		Metric     string  `json:"metric"`
		Volume     int     `json:"volume"`
		Other      int     `json:"other"`
		Adjusted   int     `json:"adjusted"`
		Licenses   int     `json:"licenses"`
		MovedIn    int     `json:"movedIn"`
		MovedInBy  []moved `json:"movedInBy"`
		MovedOut   int     `json:"movedOut"`
		Installed  int     `json:"installed"`
		Uncounted  int     `json:"uncounted"`
		Surplus    int     `json:"surplus"`
		Shortfall  int     `json:"shortfall"`
		Difference int     `json:"difference"`
		Coverage   *int    `json:"coverage"`
		Verdict    string  `json:"verdict"`
	}
	moved struct {
		Step     string `json:"step"`
		Quantity int    `json:"quantity"`
	}
	explanation struct {
		DataAt *time.Time        `json:"dataAt"`
		Stale  bool              `json:"stale"`
		Notice string            `json:"notice"`
		Row    installation      `json:"row"`
		Steps  []explanationStep `json:"steps"`
		Titles []source          `json:"titles"`
		Notes  []string          `json:"notes"`
	}
	explanationStep struct {
		Step     string   `json:"step"`
		Quantity int      `json:"quantity"`
		Sources  []source `json:"sources"`
		Moves    []move   `json:"moves"`
	}
	source struct {
		Kind     string `json:"kind"`
		ID       string `json:"id"`
		Text     string `json:"text"`
		Quantity int    `json:"quantity"`
	}
	move struct {
		ID       string `json:"id"`
		Product  string `json:"product"`
		Step     string `json:"step"`
		Quantity int    `json:"quantity"`
	}
	purchases struct {
		DataAt     *time.Time     `json:"dataAt"`
		Stale      bool           `json:"stale"`
		Notice     string         `json:"notice"`
		Totals     purchaseTotals `json:"totals"`
		Rows       []purchase     `json:"rows"`
		NextCursor string         `json:"nextCursor"`
	}
	purchaseTotals struct {
		Rows       int             `json:"rows"`
		Quantity   int             `json:"quantity"`
		SA         int             `json:"sa"`
		Agreements agreementTotals `json:"agreements"`
	}
	purchase struct {
		AgreementID string `json:"agreementId"`
		Name        string `json:"name"`
		Type        string `json:"type"`
		Group       string `json:"group"`
		GroupID     string `json:"groupId"`
		Publisher   string `json:"publisher"`
		Product     string `json:"product"`
		Quantity    int    `json:"quantity"`
		SA          int    `json:"sa"`
		Start       string `json:"start"`
		End         string `json:"end"`
		DaysLeft    *int   `json:"daysLeft"`
		Status      string `json:"status"`
		Validation  string `json:"validation"`
		Counted     int    `json:"counted"`
	}
	comparison struct {
		DataAt *time.Time    `json:"dataAt"`
		From   *time.Time    `json:"from"`
		Notice string        `json:"notice"`
		Before productTotals `json:"before"`
		After  productTotals `json:"after"`
		Rows   []difference  `json:"rows"`
	}
	difference struct {
		ID        string       `json:"id"`
		Publisher string       `json:"publisher"`
		Product   string       `json:"product"`
		Before    installation `json:"before"`
		After     installation `json:"after"`
	}
	subscriptionReport struct {
		Rows       []subscriptionRow  `json:"rows"`
		Totals     subscriptionTotals `json:"totals"`
		NextCursor string             `json:"nextCursor"`
		Notice     string             `json:"notice"`
	}
	subscriptionRow struct {
		ID                 string   `json:"id"`
		Subscription       string   `json:"subscription"`
		Kind               string   `json:"kind"`
		PartNumber         string   `json:"partNumber"`
		SKU                string   `json:"sku"`
		Status             string   `json:"status"`
		EndsOn             string   `json:"endsOn"`
		DaysLeft           *int     `json:"daysLeft"`
		AutoRenew          bool     `json:"autoRenew"`
		RenewsOn           string   `json:"renewsOn"`
		Quantity           int      `json:"quantity"`
		Assigned           int      `json:"assigned"`
		Available          int      `json:"available"`
		Unused             int      `json:"unused"`
		Currency           string   `json:"currency"`
		PricePerMonth      *int     `json:"pricePerMonth"`
		CostPerMonth       *int     `json:"costPerMonth"`
		UnusedCostPerMonth *int     `json:"unusedCostPerMonth"`
		Conflicts          []string `json:"conflicts"`
	}
	subscriptionTotals struct {
		Subscriptions      int     `json:"subscriptions"`
		Quantity           int     `json:"quantity"`
		Assigned           int     `json:"assigned"`
		Unused             int     `json:"unused"`
		Short              int     `json:"short"`
		Conflicts          int     `json:"conflicts"`
		CostPerMonth       []money `json:"costPerMonth"`
		UnusedCostPerMonth []money `json:"unusedCostPerMonth"`
	}
	snapshotList struct {
		Items []snapshotDay `json:"items"`
	}
	snapshotDay struct {
		Date string `json:"date"`
	}
	refreshPage struct {
		Items      []refresh `json:"items"`
		NextCursor string    `json:"nextCursor"`
	}
	refresh struct {
		ID          string       `json:"id"`
		Trigger     string       `json:"trigger"`
		Kind        string       `json:"kind"`
		By          string       `json:"by"`
		GroupID     string       `json:"groupId"`
		State       string       `json:"state"`
		Final       bool         `json:"final"`
		Progress    int          `json:"progress"`
		Total       int          `json:"total"`
		Checked     int          `json:"checked"`
		Valid       int          `json:"valid"`
		Invalid     int          `json:"invalid"`
		Failed      int          `json:"failed"`
		Changed     int          `json:"changed"`
		Hold        *refreshHold `json:"hold"`
		Reason      *coded       `json:"reason"`
		NextID      string       `json:"nextId"`
		RequestedAt time.Time    `json:"requestedAt"`
		StartedAt   time.Time    `json:"startedAt"`
		EndedAt     time.Time    `json:"endedAt"`
		Version     int64        `json:"version"`
	}
	refreshHold struct {
		Before int    `json:"before"`
		After  int    `json:"after"`
		State  string `json:"state"`
	}
)
