package report

import (
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/pack"
	"trueup/internal/position"
	"trueup/internal/subscription"
)

// SnapshotVersion is the version of the stored types in this file. A snapshot of a newer version
// is an error; snapshots of all older versions can be read. To change a stored type, increase the
// version, keep the old type, and convert it when it is read. The release before answers 500 for a
// version that it does not know, so read a new version for one release before writing it (ADR 0017).
const SnapshotVersion = 1

// The names in version 1 are the field names of the domain types when snapshots were first
// written. A stored type with the same fields as its domain type is converted as a whole: after a
// change of a field this no longer compiles.

// storedData is ObjectData.
type storedData struct {
	At         time.Time         `json:"At"`
	Changed    bool              `json:"Changed"`
	Agreements []storedAgreement `json:"Agreements"`
	Groups     map[string]string `json:"Groups"`
	Installed  []storedLine      `json:"Installed"`
	Titles     []storedLine      `json:"Titles"`
	Runs       []storedRun       `json:"Runs"`

	// Fields added within version 1: earlier releases ignore them.
	Adjustments []storedAdjustment `json:"Adjustments,omitempty"`
	LeftOut     storedLeftOut      `json:"LeftOut,omitzero"`
	Subscribed  *storedSubscribed  `json:"Subscribed,omitempty"`
}

type storedSubscribed struct {
	At  time.Time            `json:"At"`
	All []storedSubscription `json:"All"`
}

// storedSubscription is a subscription.Count.
type storedSubscription struct {
	ID         string      `json:"ID"`
	Name       string      `json:"Name"`
	Kind       string      `json:"Kind"`
	SKU        string      `json:"SKU,omitempty"`
	PartNumber string      `json:"PartNumber,omitempty"`
	Price      storedPrice `json:"Price,omitzero"`
	Unwatched  bool        `json:"Unwatched,omitempty"`
	Seats      storedSeats `json:"Seats"`
	Used       int         `json:"Used"`
}

type storedPrice struct {
	Amount   int64  `json:"Amount"`
	Currency string `json:"Currency"`
}

type storedSeats struct {
	Quantity   int       `json:"Quantity"`
	Assigned   int       `json:"Assigned"`
	Available  int       `json:"Available"`
	EndsOn     day.Date  `json:"EndsOn"`
	Months     int       `json:"Months"`
	AutoRenew  bool      `json:"AutoRenew"`
	ShortSince time.Time `json:"ShortSince,omitzero"`
	AsOf       time.Time `json:"AsOf,omitzero"`
	Version    int64     `json:"Version"`
}

type storedAdjustment struct {
	Product  storedProduct `json:"Product"`
	Quantity int           `json:"Quantity"`
	Note     string        `json:"Note"`
	End      day.Date      `json:"End"`
}

type storedLeftOut struct {
	UnknownTitles    int `json:"UnknownTitles"`
	UnknownDevices   int `json:"UnknownDevices"`
	UndecidedTitles  int `json:"UndecidedTitles"`
	UndecidedDevices int `json:"UndecidedDevices"`
	OtherPlatforms   int `json:"OtherPlatforms"`

	MacOS bool `json:"MacOS,omitempty"`
}

type storedAgreement struct {
	ID           string    `json:"ID"`
	Type         string    `json:"Type"`
	Name         string    `json:"Name"`
	GroupID      string    `json:"GroupID"`
	PairCount    int       `json:"PairCount"`
	Validation   string    `json:"Validation"`
	Publisher    string    `json:"Publisher"`
	ProductTitle string    `json:"ProductTitle"`
	Licenses     int       `json:"Licenses"`
	Start        string    `json:"Start"`
	End          string    `json:"End"`
	CreatedAt    time.Time `json:"CreatedAt"`
	CreatedBy    string    `json:"CreatedBy"`
	Version      int64     `json:"Version"`
}

type storedProduct struct {
	Publisher string `json:"Publisher"`
	Family    string `json:"Family"`
	Edition   string `json:"Edition"`
	Version   string `json:"Version"`
}

type storedSource struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

// storedLine is a line of installations. SA and Agreement, which only licences have, are always empty.
type storedLine struct {
	Product   storedProduct `json:"Product"`
	Quantity  int           `json:"Quantity"`
	SA        int           `json:"SA"`
	Source    storedSource  `json:"Source"`
	Agreement string        `json:"Agreement"`

	// Fields added within version 1: earlier releases ignore them.
	Users  int             `json:"Users,omitempty"`
	ByUser []storedUserPCs `json:"ByUser,omitempty"`
}

type storedUserPCs struct {
	PCs   int `json:"PCs"`
	Users int `json:"Users"`
}

type storedRun struct {
	ID      string     `json:"id"`
	Trigger string     `json:"trigger"`
	State   string     `json:"state"`
	Start   time.Time  `json:"start"`
	End     *time.Time `json:"end"`
}

// storedHeld is an element of ObjectEntitlements, which is a list.
type storedHeld struct {
	Entitlement storedEntitlement `json:"Entitlement"`
	Source      storedSource      `json:"Source"`
	AgreementID string            `json:"AgreementID"`
	Validation  string            `json:"Validation"`
	NotVolume   bool              `json:"NotVolume,omitempty"` // added within version 1: earlier releases ignore it
}

// supplementVersion is the version of storedSupplement.
const supplementVersion = 1

// storedSupplement is a Supplement.
type storedSupplement struct {
	Version int          `json:"version"`
	Changed []string     `json:"changed"`
	Held    []storedHeld `json:"held"`
	Whole   []storedHeld `json:"whole"`
	General []storedHeld `json:"general"`
}

func newStoredSupplement(s *Supplement) storedSupplement {
	return storedSupplement{
		Version: supplementVersion, Changed: pack.Each(s.Changed, func(p agreement.PairKey) string { return string(p) }),
		Held: pack.Each(s.Held, newStoredHeld), Whole: pack.Each(s.Whole, newStoredHeld), General: pack.Each(s.General, newStoredHeld),
	}
}

func (s storedSupplement) supplement() Supplement {
	return Supplement{
		Changed: pack.Each(s.Changed, func(p string) agreement.PairKey { return agreement.PairKey(p) }),
		Held:    pack.Each(s.Held, storedHeld.held), Whole: pack.Each(s.Whole, storedHeld.held), General: pack.Each(s.General, storedHeld.held),
	}
}

type storedEntitlement struct {
	Publisher  string   `json:"Publisher"`
	Pool       string   `json:"Pool"`
	Family     string   `json:"Family"`
	Version    string   `json:"Version"`
	Type       string   `json:"Type"`
	Effective  int      `json:"Effective"`
	ActiveSA   int      `json:"ActiveSA"`
	Unresolved int      `json:"Unresolved"`
	Start      day.Date `json:"Start"`
	End        day.Date `json:"End"`
	SAEnd      day.Date `json:"SAEnd"`
}

// storedManifest is a Manifest.
type storedManifest struct {
	Version  int            `json:"version"`
	Date     day.Date       `json:"date"`
	Run      string         `json:"run"`
	Sequence int64          `json:"sequence"`
	DataAt   time.Time      `json:"dataAt"`
	Objects  []storedObject `json:"objects"`
	Point    storedPoint    `json:"point"`
}

type storedObject struct {
	Name   string `json:"name"`
	Key    string `json:"key"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// storedPoint is a Point.
type storedPoint struct {
	Date       day.Date              `json:"date"`
	Agreements storedAgreementTotals `json:"agreements"`
	Products   storedProductTotals   `json:"products"`
}

type storedAgreementTotals struct {
	Agreements int `json:"agreements"`
	Volume     int `json:"volume"`
	Other      int `json:"other"`
	Pairs      int `json:"pairs"`
	Licenses   int `json:"licenses"`
	NotStarted int `json:"notStarted"`
	Active     int `json:"active"`
	Expiring   int `json:"expiring"`
	Expired    int `json:"expired"`
	NoTerm     int `json:"noTerm"`
	Valid      int `json:"valid"`
	Pending    int `json:"pending"`
	Error      int `json:"error"`
	Invalid    int `json:"invalid"`
}

type storedProductTotals struct {
	Products           int `json:"products"`
	Owned              int `json:"licenses"`
	Used               int `json:"used"`
	Surplus            int `json:"surplus"`
	Volume             int `json:"volume"`
	Other              int `json:"other"`
	Needed             int `json:"installed"`
	Covered            int `json:"covered"`
	Shortfall          int `json:"shortfall"`
	CoveredProducts    int `json:"coveredProducts"`
	ShortProducts      int `json:"shortProducts"`
	UnusedProducts     int `json:"unusedProducts"`
	UnlicensedProducts int `json:"unlicensedProducts"`
}

func newStoredData(d *Data) storedData {
	return storedData{
		At: d.At, Changed: d.Changed, Agreements: pack.Each(d.Agreements, newStoredAgreement), Groups: d.Groups,
		Installed: pack.Each(d.Installed, newStoredLine), Titles: pack.Each(d.Titles, newStoredLine),
		Runs: pack.Each(d.Runs, func(r Run) storedRun { return storedRun(r) }), Adjustments: pack.Each(d.Adjustments, newStoredAdjustment),
		LeftOut: storedLeftOut(d.LeftOut), Subscribed: newStoredSubscribed(d.Subscribed),
	}
}

func (d storedData) data() *Data {
	return &Data{
		At: d.At, Changed: d.Changed, Agreements: pack.Each(d.Agreements, storedAgreement.agreement), Groups: d.Groups,
		Installed: pack.Each(d.Installed, storedLine.line), Titles: pack.Each(d.Titles, storedLine.line),
		Runs: pack.Each(d.Runs, func(r storedRun) Run { return Run(r) }), Adjustments: pack.Each(d.Adjustments, storedAdjustment.adjustment),
		LeftOut: LeftOut(d.LeftOut), Subscribed: d.Subscribed.subscribed(),
	}
}

func newStoredSubscribed(s *Subscribed) *storedSubscribed {
	if s == nil {
		return nil
	}
	return &storedSubscribed{At: s.At, All: pack.Each(s.All, func(c subscription.Count) storedSubscription {
		return storedSubscription{
			ID: c.ID, Name: c.Name, Kind: string(c.Kind), SKU: c.SKU, PartNumber: c.PartNumber, Price: storedPrice(c.Price), Unwatched: c.Unwatched,
			Seats: storedSeats(c.Seats), Used: c.Used,
		}
	})}
}

func (s *storedSubscribed) subscribed() *Subscribed {
	if s == nil {
		return nil
	}
	return &Subscribed{At: s.At, All: pack.Each(s.All, func(c storedSubscription) subscription.Count {
		return subscription.Count{
			ID: c.ID, Name: c.Name, Kind: subscription.Kind(c.Kind), SKU: c.SKU, PartNumber: c.PartNumber, Price: subscription.Price(c.Price), Unwatched: c.Unwatched,
			Seats: subscription.Seats(c.Seats), Used: c.Used,
		}
	})}
}

func newStoredAdjustment(a Adjustment) storedAdjustment {
	return storedAdjustment{Product: storedProduct(a.Product), Quantity: a.Quantity, Note: a.Note, End: a.End}
}

func (a storedAdjustment) adjustment() Adjustment {
	return Adjustment{Product: position.Product(a.Product), Quantity: a.Quantity, Note: a.Note, End: a.End}
}

func newStoredAgreement(a agreement.Agreement) storedAgreement {
	return storedAgreement{
		ID: a.ID, Type: string(a.Type), Name: a.Name, GroupID: a.GroupID, PairCount: a.PairCount, Validation: string(a.Validation),
		Publisher: a.Publisher, ProductTitle: a.ProductTitle, Licenses: a.Licenses, Start: string(a.Start), End: string(a.End),
		CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, Version: a.Version,
	}
}

func (a storedAgreement) agreement() agreement.Agreement {
	return agreement.Agreement{
		ID: a.ID, Type: agreement.Type(a.Type), Name: a.Name, GroupID: a.GroupID, PairCount: a.PairCount, Validation: agreement.Validation(a.Validation),
		Terms: agreement.Terms{
			Publisher: a.Publisher, ProductTitle: a.ProductTitle, Licenses: a.Licenses, Start: day.Date(a.Start), End: day.Date(a.End),
		},
		CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, Version: a.Version,
	}
}

func newStoredSource(s position.Source) storedSource {
	return storedSource{Kind: string(s.Kind), ID: s.ID, Text: s.Text}
}

func (s storedSource) source() position.Source {
	return position.Source{Kind: position.SourceKind(s.Kind), ID: s.ID, Text: s.Text}
}

func newStoredLine(l position.Line) storedLine {
	return storedLine{
		Product: storedProduct(l.Product), Quantity: l.Quantity, SA: l.SA, Source: newStoredSource(l.Source), Agreement: l.Agreement,
		Users: l.Users, ByUser: pack.Each(l.ByUser, func(u position.UserPCs) storedUserPCs { return storedUserPCs(u) }),
	}
}

func (l storedLine) line() position.Line {
	return position.Line{
		Product: position.Product(l.Product), Quantity: l.Quantity, SA: l.SA, Source: l.Source.source(), Agreement: l.Agreement,
		Users: l.Users, ByUser: pack.Each(l.ByUser, func(u storedUserPCs) position.UserPCs { return position.UserPCs(u) }),
	}
}

func newStoredHeld(h Held) storedHeld {
	return storedHeld{
		Entitlement: storedEntitlement(h.Entitlement), Source: newStoredSource(h.Source), AgreementID: h.AgreementID, Validation: string(h.Validation),
		NotVolume: h.NotVolume,
	}
}

func (h storedHeld) held() Held {
	return Held{
		Entitlement: entitlement.Entitlement(h.Entitlement), Source: h.Source.source(), AgreementID: h.AgreementID,
		Validation: agreement.Validation(h.Validation), NotVolume: h.NotVolume,
	}
}

func newStoredManifest(m *Manifest) storedManifest {
	return storedManifest{
		Version: m.Version, Date: m.Date, Run: m.Run, Sequence: m.Sequence, DataAt: m.DataAt,
		Objects: pack.Each(m.Objects, func(o Object) storedObject { return storedObject(o) }),
		Point: storedPoint{
			Date: m.Point.Date, Agreements: storedAgreementTotals(m.Point.Agreements), Products: storedProductTotals(m.Point.Products),
		},
	}
}

func (m storedManifest) manifest() Manifest {
	return Manifest{
		Version: m.Version, Date: m.Date, Run: m.Run, Sequence: m.Sequence, DataAt: m.DataAt,
		Objects: pack.Each(m.Objects, func(o storedObject) Object { return Object(o) }),
		Point: Point{
			Date: m.Point.Date, Agreements: AgreementTotals(m.Point.Agreements), Products: CountedTotals(m.Point.Products),
		},
	}
}
