package console

import (
	"time"

	"trueup/internal/console/client"
)

// endpoints are the operations of the API that pages call, named by their ids. A test compares their
// methods, paths and responses with the OpenAPI document.
type endpoints struct {
	getOverview                 client.Operation[overview]
	getTrend                    client.Operation[trend]
	getInventory                client.Operation[inventory]
	listStatements              client.Operation[statementPage]
	createStatement             client.Operation[createdFile]
	createInventory             client.Operation[createdFile]
	listAgreements              client.Operation[agreementPage]
	createAgreement             client.Operation[agreement]
	getAgreement                client.Operation[agreement]
	updateAgreement             client.Operation[agreement]
	deleteAgreement             client.Operation[client.None]
	moveAgreements              client.Operation[agreementResults]
	deleteAgreements            client.Operation[agreementResults]
	listAgreementPairs          client.Operation[pairPage]
	addAgreementPairs           client.Operation[agreement]
	deleteAgreementPair         client.Operation[agreement]
	getAgreementDetails         client.Operation[agreementDetails]
	listAuditEvents             client.Operation[auditPage]
	listCallers                 client.Operation[callerList]
	nameCaller                  client.Operation[client.None]
	listGroups                  client.Operation[groupList]
	createGroup                 client.Operation[group]
	getGroup                    client.Operation[group]
	updateGroup                 client.Operation[group]
	deleteGroup                 client.Operation[deletedGroup]
	listImports                 client.Operation[importPage]
	createImport                client.Operation[createdImport]
	getImport                   client.Operation[imported]
	listImportFindings          client.Operation[findingPage]
	lookUpPublishers            client.Operation[publisherList]
	createPublisher             client.Operation[publisher]
	lookUpTitles                client.Operation[titleList]
	createTitle                 client.Operation[client.None]
	getPublisher                client.Operation[publisher]
	mergePublisher              client.Operation[publisher]
	getTitle                    client.Operation[productTitle]
	mergeTitle                  client.Operation[productTitle]
	getStatement                client.Operation[checkedStatement]
	deleteStatement             client.Operation[statement]
	listAdjustments             client.Operation[adjustmentList]
	setAdjustment               client.Operation[changedAdjustment]
	deleteAdjustment            client.Operation[client.None]
	getLicenseInstallations     client.Operation[installations]
	explainLicenseInstallation  client.Operation[explanation]
	listMissedDevices           client.Operation[missedPage]
	getLicensePurchases         client.Operation[purchases]
	compareLicenseInstallations client.Operation[comparison]
	listSnapshots               client.Operation[snapshotList]
	listRefreshes               client.Operation[refreshPage]
	createRefresh               client.Operation[refresh]
	getRefresh                  client.Operation[refresh]
	confirmRefresh              client.Operation[refresh]
	getInventorySource          client.Operation[inventorySourceRead]
	listInventoryTitles         client.Operation[inventoryTitlePage]
	proposeProducts             client.Operation[proposalList]
	listQueue                   client.Operation[queuePage]
	acceptProposals             client.Operation[acceptedProposals]
	listRules                   client.Operation[rulePage]
	createRule                  client.Operation[changedRule]
	replaceRule                 client.Operation[changedRule]
	deleteRules                 client.Operation[deletedRules]
	recognizeTitle              client.Operation[recognition]
	listUndecided               client.Operation[undecidedList]
	listTitleDecisions          client.Operation[decisionList]
	decideTitle                 client.Operation[changedDecision]
	undecideTitle               client.Operation[client.None]
}

var api = endpoints{
	getOverview:                 client.Get[overview]("/overview"),
	getTrend:                    client.Get[trend]("/reports/trend"),
	getInventory:                client.Get[inventory]("/inventory"),
	listStatements:              client.Get[statementPage]("/statements"),
	createStatement:             client.Post[createdFile]("/statements"),
	createInventory:             client.Post[createdFile]("/inventory"),
	listAgreements:              client.Get[agreementPage]("/agreements"),
	createAgreement:             client.Post[agreement]("/agreements"),
	getAgreement:                client.Get[agreement]("/agreements/{id}"),
	updateAgreement:             client.Patch[agreement]("/agreements/{id}"),
	deleteAgreement:             client.Delete[client.None]("/agreements/{id}"),
	moveAgreements:              client.Post[agreementResults]("/agreements/moves"),
	deleteAgreements:            client.Post[agreementResults]("/agreements/deletions"),
	listAgreementPairs:          client.Get[pairPage]("/agreements/{id}/pairs"),
	addAgreementPairs:           client.Post[agreement]("/agreements/{id}/pairs"),
	deleteAgreementPair:         client.Delete[agreement]("/agreements/{id}/pairs/{pair}"),
	getAgreementDetails:         client.Get[agreementDetails]("/agreements/{id}/details"),
	listAuditEvents:             client.Get[auditPage]("/audit"),
	listCallers:                 client.Get[callerList]("/callers"),
	nameCaller:                  client.Put[client.None]("/callers/me"),
	listGroups:                  client.Get[groupList]("/groups"),
	createGroup:                 client.Post[group]("/groups"),
	getGroup:                    client.Get[group]("/groups/{id}"),
	updateGroup:                 client.Patch[group]("/groups/{id}"),
	deleteGroup:                 client.Delete[deletedGroup]("/groups/{id}"),
	listImports:                 client.Get[importPage]("/imports"),
	createImport:                client.Post[createdImport]("/imports"),
	getImport:                   client.Get[imported]("/imports/{id}"),
	listImportFindings:          client.Get[findingPage]("/imports/{id}/findings"),
	lookUpPublishers:            client.Get[publisherList]("/catalog/publishers"),
	createPublisher:             client.Post[publisher]("/catalog/publishers"),
	lookUpTitles:                client.Get[titleList]("/catalog/publishers/{id}/titles"),
	createTitle:                 client.Post[client.None]("/catalog/publishers/{id}/titles"),
	getPublisher:                client.Get[publisher]("/catalog/publishers/{id}"),
	mergePublisher:              client.Post[publisher]("/catalog/publishers/{id}/merge"),
	getTitle:                    client.Get[productTitle]("/catalog/publishers/{id}/titles/{title}"),
	mergeTitle:                  client.Post[productTitle]("/catalog/publishers/{id}/titles/{title}/merge"),
	getStatement:                client.Get[checkedStatement]("/statements/{id}"),
	deleteStatement:             client.Delete[statement]("/statements/{id}"),
	listAdjustments:             client.Get[adjustmentList]("/position/adjustments"),
	setAdjustment:               client.Put[changedAdjustment]("/position/adjustments/{product}"),
	deleteAdjustment:            client.Delete[client.None]("/position/adjustments/{product}"),
	getLicenseInstallations:     client.Get[installations]("/reports/license-installations"),
	explainLicenseInstallation:  client.Get[explanation]("/reports/license-installations/{product}/explanation"),
	listMissedDevices:           client.Get[missedPage]("/reports/license-installations/missed-devices"),
	getLicensePurchases:         client.Get[purchases]("/reports/license-purchases"),
	compareLicenseInstallations: client.Get[comparison]("/reports/comparison"),
	listSnapshots:               client.Get[snapshotList]("/reports/snapshots"),
	listRefreshes:               client.Get[refreshPage]("/refreshes"),
	createRefresh:               client.Post[refresh]("/refreshes"),
	getRefresh:                  client.Get[refresh]("/refreshes/{id}"),
	confirmRefresh:              client.Post[refresh]("/refreshes/{id}/confirmation"),
	getInventorySource:          client.Get[inventorySourceRead]("/inventory/sources/{source}"),
	listInventoryTitles:         client.Get[inventoryTitlePage]("/inventory/titles"),
	proposeProducts:             client.Get[proposalList]("/catalog/proposals"),
	listQueue:                   client.Get[queuePage]("/inventory/queue"),
	acceptProposals:             client.Post[acceptedProposals]("/inventory/proposals/acceptances"),
	listRules:                   client.Get[rulePage]("/inventory/rules"),
	createRule:                  client.Post[changedRule]("/inventory/rules"),
	replaceRule:                 client.Put[changedRule]("/inventory/rules/{id}"),
	deleteRules:                 client.Post[deletedRules]("/inventory/rules/deletions"),
	recognizeTitle:              client.Get[recognition]("/inventory/recognition"),
	listUndecided:               client.Get[undecidedList]("/inventory/undecided"),
	listTitleDecisions:          client.Get[decisionList]("/inventory/decisions"),
	decideTitle:                 client.Put[changedDecision]("/inventory/decisions/{title}"),
	undecideTitle:               client.Delete[client.None]("/inventory/decisions/{title}"),
}

// The responses of the API, with the fields that pages show. Names and meanings are those of the OpenAPI
// document.
type (
	coded struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	agreementTotals struct {
		Agreements int `json:"agreements"`
		Volume     int `json:"volume"`
		Other      int `json:"other"`
		Pairs      int `json:"pairs"`
		Licenses   int `json:"licenses"`
		Active     int `json:"active"`
		Expiring   int `json:"expiring"`
		Expired    int `json:"expired"`
		NoTerm     int `json:"noTerm"`
		NotStarted int `json:"notStarted"`
		Invalid    int `json:"invalid"`
		Pending    int `json:"pending"`
	}
	productTotals struct {
		Products            int `json:"products"`
		Licenses            int `json:"licenses"`
		Installed           int `json:"installed"`
		Covered             int `json:"covered"`
		Shortfall           int `json:"shortfall"`
		Surplus             int `json:"surplus"`
		CoveredProducts     int `json:"coveredProducts"`
		ShortProducts       int `json:"shortProducts"`
		UnlicensedProducts  int `json:"unlicensedProducts"`
		UnusedProducts      int `json:"unusedProducts"`
		UndecidedProducts   int `json:"undecidedProducts"`
		NotMeasuredProducts int `json:"notMeasuredProducts"`
	}
	leftOut struct {
		UnknownTitles    int `json:"unknownTitles"`
		UnknownDevices   int `json:"unknownDevices"`
		UndecidedTitles  int `json:"undecidedTitles"`
		UndecidedDevices int `json:"undecidedDevices"`
		OtherPlatforms   int `json:"otherPlatforms"`
	}
	overview struct {
		DataAt      *time.Time      `json:"dataAt"`
		Stale       bool            `json:"stale"`
		Notice      string          `json:"notice"`
		Agreements  agreementTotals `json:"agreements"`
		Products    productTotals   `json:"products"`
		Short       []installation  `json:"short"`
		ShortAll    int             `json:"shortAll"`
		Expiring    []purchase      `json:"expiring"`
		ExpiringAll int             `json:"expiringAll"`
		LeftOut     leftOut         `json:"leftOut"`

		Subscriptions subscriptionsOverview `json:"subscriptions"`

		Runs []runSummary `json:"runs"`
	}
	subscriptionsOverview struct {
		Conflicts   int `json:"conflicts"`
		Overdue     int `json:"overdue"`
		ExpiringAll int `json:"expiringAll"`
	}
	runSummary struct {
		ID      string     `json:"id"`
		Trigger string     `json:"trigger"`
		State   string     `json:"state"`
		Start   time.Time  `json:"start"`
		End     *time.Time `json:"end"`
	}
	createdFile struct {
		Upload client.Upload `json:"upload"`
	}
	trend struct {
		Points []trendPoint `json:"points"`
	}
	trendPoint struct {
		Date     string        `json:"date"`
		Products countedTotals `json:"products"`
	}
	countedTotals struct {
		Licenses  int `json:"licenses"`
		Installed int `json:"installed"`
		Covered   int `json:"covered"`
		Shortfall int `json:"shortfall"`
	}

	agreement struct {
		ID           string    `json:"id"`
		Type         string    `json:"type"`
		Name         string    `json:"name"`
		GroupID      string    `json:"groupId"`
		Publisher    string    `json:"publisher"`
		ProductTitle string    `json:"productTitle"`
		Licenses     int       `json:"licenses"`
		PairCount    int       `json:"pairCount"`
		Start        string    `json:"start"`
		End          string    `json:"end"`
		Status       string    `json:"status"`
		Validation   string    `json:"validation"`
		CreatedAt    time.Time `json:"createdAt"`
		CreatedBy    string    `json:"createdBy"`
		Version      int64     `json:"version"`
		Hints        []coded   `json:"hints"`
	}
	agreementPage struct {
		Items      []agreement     `json:"items"`
		NextCursor string          `json:"nextCursor"`
		Stale      bool            `json:"stale"`
		DataAt     *time.Time      `json:"dataAt"`
		Totals     agreementTotals `json:"totals"`
	}
	agreementResults struct {
		Succeeded int               `json:"succeeded"`
		Failed    int               `json:"failed"`
		Notice    string            `json:"notice"`
		Items     []agreementResult `json:"items"`
	}
	agreementResult struct {
		ID      string `json:"id"`
		Status  int    `json:"status"`
		Message string `json:"message"`
	}
	agreementDetails struct {
		Details string `json:"details"`
	}
	pairPage struct {
		Items      []pair `json:"items"`
		NextCursor string `json:"nextCursor"`
	}
	pair struct {
		ID                  string            `json:"id"`
		AuthorizationNumber string            `json:"authorizationNumber"`
		LicenseNumber       string            `json:"licenseNumber"`
		Program             string            `json:"program"`
		Validation          string            `json:"validation"`
		Reason              *coded            `json:"reason"`
		CheckedAt           time.Time         `json:"checkedAt"`
		Held                bool              `json:"held"`
		Entitlements        []pairEntitlement `json:"entitlements"`
	}
	pairEntitlement struct {
		ProductFamily string `json:"productFamily"`
		Version       string `json:"version"`
		Effective     int    `json:"effective"`
		ActiveSA      int    `json:"activeSA"`
		End           string `json:"end"`
	}
	auditPage struct {
		Items      []auditEvent `json:"items"`
		NextCursor string       `json:"nextCursor"`
	}
	auditEvent struct {
		At      time.Time         `json:"at"`
		Action  string            `json:"action"`
		By      string            `json:"by"`
		ByName  string            `json:"byName"`
		Source  string            `json:"source"`
		Subject string            `json:"subject"`
		Before  map[string]string `json:"before"`
		After   map[string]string `json:"after"`
	}
	callerList struct {
		Items []callerName `json:"items"`
	}
	callerName struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	group struct {
		ID             string `json:"id"`
		Name           string `json:"name"`
		BuiltIn        bool   `json:"builtIn"`
		AgreementCount int    `json:"agreementCount"`
		Version        int64  `json:"version"`
	}
	groupList struct {
		Items []group `json:"items"`
	}
	deletedGroup struct {
		Moved int `json:"moved"`
	}
)
