package dynamo

import (
	"bytes"
	"cmp"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/refresher"
)

// runItem is a run. Values that conditions check, or that another process than the attempt
// writes, have their own attributes.
type runItem struct {
	PK      string          `dynamodbav:"pk"`
	SK      string          `dynamodbav:"sk"`
	Record  runRecord       `dynamodbav:"record"`
	State   refresher.State `dynamodbav:"state"`
	Hold    refresher.Hold  `dynamodbav:"hold,omitempty"`
	Attempt int             `dynamodbav:"attempt"`
	Token   int64           `dynamodbav:"token"`
	Lease   int64           `dynamodbav:"lease,omitempty"`
	Next    *runItem        `dynamodbav:"next,omitempty"`
	Version int64           `dynamodbav:"version"`
}

// runRecord is the part of a run that no condition checks.
type runRecord struct {
	ID         string            `dynamodbav:"id"`
	Kind       refresher.Kind    `dynamodbav:"kind"` // version 1 has none and is full
	Trigger    refresher.Trigger `dynamodbav:"trigger"`
	Group      string            `dynamodbav:"group"`
	By         string            `dynamodbav:"by"`
	Date       day.Date          `dynamodbav:"date"`
	Requested  int64             `dynamodbav:"requested"`
	Started    int64             `dynamodbav:"started"`
	Ended      int64             `dynamodbav:"ended"`
	Reason     string            `dynamodbav:"reason"`
	ReasonArgs errs.Args         `dynamodbav:"reason_args,omitempty"`
	Stopped    bool              `dynamodbav:"stopped"`
	Total      int               `dynamodbav:"total"`
	Counts     countsRecord      `dynamodbav:"counts"`
	Pass       int               `dynamodbav:"pass"`
	Cursor     string            `dynamodbav:"cursor"`
	Seen       int64             `dynamodbav:"seen"`
	Reached    string            `dynamodbav:"reached"`
	Since      string            `dynamodbav:"since"`
	Fruitless  int               `dynamodbav:"fruitless"`
}

// countsRecord is refresher.Counts.
type countsRecord struct {
	Checked int   `dynamodbav:"checked,omitempty"`
	Valid   int   `dynamodbav:"valid,omitempty"`
	Invalid int   `dynamodbav:"invalid,omitempty"`
	Failed  int   `dynamodbav:"failed,omitempty"`
	OfPair  int   `dynamodbav:"of_pair,omitempty"` // earlier releases store none
	Changed int   `dynamodbav:"changed,omitempty"`
	Aside   int   `dynamodbav:"aside,omitempty"`
	Before  int64 `dynamodbav:"before,omitempty"`
	After   int64 `dynamodbav:"after,omitempty"`
}

func newRunItem(r refresher.Run) runItem {
	partition, sort := refreshKey(r.ID)
	i := runItem{
		PK: string(partition), SK: string(sort),
		State: r.State, Hold: r.Hold, Attempt: r.Attempt, Token: r.Token, Lease: millis(r.Lease), Version: r.Version,
		Record: runRecord{
			ID: r.ID, Kind: r.Kind, Trigger: r.Trigger, Group: r.GroupID, By: r.By, Date: r.Date,
			Requested: millis(r.RequestedAt), Started: millis(r.StartedAt), Ended: millis(r.EndedAt),
			Reason: r.Reason, ReasonArgs: r.ReasonArgs, Stopped: r.Stopped, Total: r.Total, Counts: countsRecord(r.Counts),
			Pass: r.Pass, Cursor: r.Cursor, Seen: r.Seen, Reached: r.Reached, Since: r.Since, Fruitless: r.Fruitless,
		},
	}
	if r.Next != nil {
		next := newRunItem(*r.Next)
		i.Next = &next
	}
	return i
}

func (i runItem) run() refresher.Run {
	r := i.Record
	run := refresher.Run{
		ID: r.ID, Kind: cmp.Or(r.Kind, refresher.KindFull), Trigger: r.Trigger, GroupID: r.Group, By: r.By, Date: r.Date, Token: i.Token,
		RequestedAt: fromMillis(r.Requested), StartedAt: fromMillis(r.Started), EndedAt: fromMillis(r.Ended),
		State: i.State, Reason: r.Reason, ReasonArgs: r.ReasonArgs, Stopped: r.Stopped, Hold: i.Hold,
		Total:  max(r.Total, r.Counts.Checked), // version 1 may have less
		Counts: refresher.Counts(r.Counts), Position: refresher.Position{Pass: r.Pass, Cursor: r.Cursor}, Seen: r.Seen, Reached: r.Reached, Since: r.Since,
		Attempt: i.Attempt, Fruitless: r.Fruitless, Lease: fromMillis(i.Lease), Version: i.Version,
	}
	if i.Next != nil {
		next := i.Next.run()
		run.Next = &next
	}
	return run
}

// refreshItem has the open run, and how old the licence data is.
type refreshItem struct {
	Run   string `dynamodbav:"run"`   // the open run; empty for none
	Token int64  `dynamodbav:"token"` // of the last attempt at any run
	At    int64  `dynamodbav:"at"`    // At, Seen, Settled and Full of refresher.Freshness
	Seen  int64  `dynamodbav:"seen"`

	// Version 1 has neither Settled nor Full.
	Settled string `dynamodbav:"settled"`
	Full    string `dynamodbav:"full"`

	// EndedRun and SettledRun are the ids of the runs of Refreshes.Latest; empty for none. They are
	// unknown unless KnownToken equals Token: versions 1 and 2 have none of them, and releases that
	// write these move only Token.
	EndedRun   string `dynamodbav:"ended_run"`
	SettledRun string `dynamodbav:"settled_run"`
	KnownToken int64  `dynamodbav:"known_token"`
}

// knowsLatest reports whether EndedRun and SettledRun are known.
func (i refreshItem) knowsLatest() bool { return i.KnownToken == i.Token }

// fenceItem is a fence, see Refreshes.
type fenceItem struct {
	itemKey
	Token int64 `dynamodbav:"token,omitempty"` // of the attempt that may write; none if no attempt may
}

// heldItem names a run whose answers wait to be confirmed.
type heldItem struct{ itemKey }

// The results of refreshes for a pair are attributes of the pair's item. They are deleted
// with it, and a put of the item stores none.

// resultsItem has all attributes that refreshes store for a pair.
type resultsItem struct {
	answerItem
	Mark  markRecord   `dynamodbav:"mark"`
	Aside *asideRecord `dynamodbav:"aside,omitempty"`
}

// answerItem has the attributes of an answer for a pair.
type answerItem struct {
	State        agreement.Validation `dynamodbav:"state"`
	Reason       string               `dynamodbav:"reason"`
	Checked      int64                `dynamodbav:"checked"` // time of the answer
	Effective    int64                `dynamodbav:"effective"`
	Fingerprint  string               `dynamodbav:"fingerprint"`
	Entitlements []byte               `dynamodbav:"entitlements"`
}

// answerAttributes are the attributes of answerItem.
var answerAttributes = []string{"state", "reason", "checked", "effective", "fingerprint", "entitlements"}

// markRecord is refresher.Mark.
type markRecord struct {
	Run    string       `dynamodbav:"run"`
	Pass   int          `dynamodbav:"pass,omitempty"`
	Counts countsRecord `dynamodbav:"counts"`
}

func newMarkRecord(m refresher.Mark) markRecord {
	return markRecord{Run: m.Run, Pass: m.Pass, Counts: countsRecord(m.Counts)}
}

// asideRecord is an answer that was put aside.
type asideRecord struct {
	answerItem
	Run  string     `dynamodbav:"run"`
	Mark markRecord `dynamodbav:"mark"`
}

// knownItem is a pair's item as a refresh reads it: without the answer that was put aside,
// which may be large.
type knownItem struct {
	PK            string            `dynamodbav:"pk"`
	Agreement     string            `dynamodbav:"agreement"`
	Authorization string            `dynamodbav:"authorization"`
	License       string            `dynamodbav:"license"`
	Program       agreement.Program `dynamodbav:"program"`
	Stage         importer.Stage    `dynamodbav:"stage"`
	Life          string            `dynamodbav:"life"`
	answerItem
	Mark  markRecord `dynamodbav:"mark"`
	Aside struct {
		Run string `dynamodbav:"run"`
	} `dynamodbav:"aside"`
}

func (i knownItem) pair() agreement.Pair {
	return agreement.Pair{Authorization: i.Authorization, License: i.License, Program: i.Program}
}

func (i knownItem) state() agreement.Validation {
	if i.State == "" {
		return agreement.ValidationPending
	}
	return i.State
}

func (i knownItem) known() refresher.Known {
	return refresher.Known{
		Pair: i.pair(), Tag: i.Life, AgreementID: i.Agreement, State: i.state(), Reason: i.Reason,
		Effective: i.Effective, Fingerprint: i.Fingerprint, Aside: i.Aside.Run,
		Mark: refresher.Mark{Run: i.Mark.Run, Pass: i.Mark.Pass, Counts: refresher.Counts(i.Mark.Counts)},
	}
}

func (i knownItem) answered() (refresher.Answered, error) {
	entitlements, err := decodeEntitlements(i.Entitlements)
	if err != nil {
		return refresher.Answered{}, fmt.Errorf("pair %s: %w", i.pair().Key(), err)
	}
	return refresher.Answered{
		Pair: i.pair(), AgreementID: i.Agreement, State: i.state(), Reason: i.Reason, At: fromMillis(i.Checked),
		Held: i.Aside.Run != "", Entitlements: entitlements,
	}, nil
}

// compressFrom is the size in bytes from which entitlements are compressed. Compressed, the
// maximum of a pair takes some 120 KB, and twice that, with an answer that was put aside,
// fits an item of 400 KB. Most pairs have a line or two: compressing them would cost more
// than it saves.
const compressFrom = 2048

// asFlate is the first byte of compressed entitlements. Other entitlements start with the
// bracket of a list.
const asFlate = 'z'

var writers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // impossible: the level is valid
	}
	return w
}}

// encodeEntitlements returns what decodeEntitlements reads; empty for no entitlements.
func encodeEntitlements(list []entitlement.Entitlement) []byte {
	if len(list) == 0 {
		return []byte{}
	}
	encoded := entitlement.EncodeList(list)
	if len(encoded) < compressFrom {
		return encoded
	}
	b := bytes.NewBuffer([]byte{asFlate})
	w := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	w.Reset(b)
	_, err := w.Write(encoded)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // impossible: it writes to memory
	}
	return b.Bytes()
}

var errEntitlements = errors.New("dynamo: the stored entitlements are damaged")

func decodeEntitlements(stored []byte) ([]entitlement.Entitlement, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	if stored[0] == asFlate {
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(stored[1:])))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errEntitlements, err)
		}
		stored = raw
	}
	list, err := entitlement.DecodeList(stored)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEntitlements, err)
	}
	return list, nil
}

// value returns v as an attribute.
func value(v any) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: marshal(v)}
}
