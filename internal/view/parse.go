package view

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
)

// Draft is a definition as it was sent.
type Draft struct {
	Name     string
	Report   Report
	Filters  map[string]string
	Sort     string
	Order    string
	Columns  []string
	Shared   bool
	Schedule *Schedule
}

// Limits of a definition.
const (
	maxFilters = 30
	// maxQuery is the maximum size in bytes of the parameters of a report: 100 license groups and 100 groups of
	// devices, and less than the address of a page may have.
	maxQuery = 7000
)

// The parameters that a definition has in fields of its own.
const (
	sortParameter    = "sort"
	orderParameter   = "order"
	columnsParameter = "columns"
)

var fields = []string{sortParameter, orderParameter, columnsParameter}

// notSaved are parameters of reports that say nothing about what a view shows: a page of it, the format and the
// language of a file. The day is not saved either: a view shows the data of the day on which it is opened.
var notSaved = []string{"cursor", "date", "lang", "limit", "separator"}

// Check returns the violations of the parameters of a report, as the operation of the report finds them. Their
// fields are the names of parameters.
type Check func(report Report, parameters url.Values) []errs.Violation

// Parse returns the definition of a draft, or every violation. It does not check values that must be one of a
// list, such as the report.
func Parse(d Draft, check Check) (Definition, []errs.Violation) {
	name, broken := agreement.ParseName(d.Name, false)
	for _, filter := range slices.Sorted(maps.Keys(d.Filters)) {
		switch {
		case slices.Contains(fields, filter):
			broken = append(broken, errs.Violation{Code: "view_filter_field", Field: "filters/" + filter, Args: errs.Pairs("field", filter)})
		case slices.Contains(notSaved, filter):
			broken = append(broken, errs.Violation{Code: "view_filter_unsaved", Field: "filters/" + filter})
		}
	}
	if len(d.Filters) > maxFilters {
		broken = append(broken, errs.Violation{Code: "view_filters_many", Field: "filters", Args: errs.Pairs("max", strconv.Itoa(maxFilters))})
	}
	if d.Order != "" && d.Sort == "" {
		broken = append(broken, errs.Violation{Code: "view_order_alone", Field: "order"})
	}
	broken = append(broken, d.Schedule.check()...)
	def := Definition{Name: name, Report: d.Report, Sort: d.Sort, Columns: slices.Clip(d.Columns), Shared: d.Shared, Schedule: d.Schedule}
	if d.Sort != "" {
		def.Order = cmp.Or(d.Order, "asc")
	}
	for filter, value := range d.Filters {
		if value = strings.TrimSpace(value); value != "" && !slices.Contains(fields, filter) && !slices.Contains(notSaved, filter) {
			if def.Filters == nil {
				def.Filters = map[string]string{}
			}
			def.Filters[filter] = value
		}
	}
	parameters := def.Parameters()
	if size := len(parameters.Encode()); size > maxQuery {
		broken = append(broken, errs.Violation{Code: "view_too_long", Field: "filters", Args: errs.Pairs("max", strconv.Itoa(maxQuery))})
	} else if slices.Contains(Reports, d.Report) {
		for _, v := range check(d.Report, parameters) {
			v.Field = fieldOf(v.Field)
			broken = append(broken, v)
		}
	}
	if len(broken) > 0 {
		return Definition{}, broken
	}
	return def, nil
}

// Parameters returns the parameters of the report.
func (d Definition) Parameters() url.Values {
	values := url.Values{}
	for name, value := range d.Filters {
		values.Set(name, value)
	}
	if d.Sort != "" {
		values.Set(sortParameter, d.Sort)
		values.Set(orderParameter, d.Order)
	}
	if len(d.Columns) > 0 {
		values.Set(columnsParameter, strings.Join(d.Columns, ","))
	}
	return values
}

// fieldOf returns the field of a definition that has a parameter.
func fieldOf(parameter string) string {
	name, index, isItem := strings.Cut(strings.TrimSuffix(parameter, "]"), "[")
	switch {
	case name == sortParameter, name == orderParameter:
		return name
	case name == columnsParameter && isItem:
		return name + "/" + index
	case name == columnsParameter:
		return name
	}
	return "filters/" + name
}

// check returns the violations of a schedule.
func (s *Schedule) check() (broken []errs.Violation) {
	if s == nil {
		return nil
	}
	add := func(code, field string) {
		broken = append(broken, errs.Violation{Code: code, Field: "schedule/" + field})
	}
	switch {
	case s.Every == Weekly && s.Weekday == "":
		add("view_weekday_required", "weekday")
	case s.Every != Weekly && s.Weekday != "":
		add("view_weekday_alone", "weekday")
	}
	switch {
	case s.Every == Monthly && (s.Day < 1 || s.Day > LastDay):
		add("view_day_required", "day")
	case s.Every != Monthly && s.Day != 0:
		add("view_day_alone", "day")
	}
	return broken
}

// Same reports whether two definitions are the same.
func (d Definition) Same(as Definition) bool {
	return d.Name == as.Name && d.Report == as.Report && maps.Equal(d.Filters, as.Filters) && d.Sort == as.Sort && d.Order == as.Order &&
		slices.Equal(d.Columns, as.Columns) && d.Shared == as.Shared && d.SameSchedule(as)
}

// SameSchedule reports whether two definitions have the same schedule.
func (d Definition) SameSchedule(as Definition) bool {
	return d.Schedule == as.Schedule || d.Schedule != nil && as.Schedule != nil && *d.Schedule == *as.Schedule
}
