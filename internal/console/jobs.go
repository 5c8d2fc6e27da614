package console

import (
	"net/http"
	"net/url"
)

func listLicenseJobs(v *visit) error {
	c := v.call()
	c.Query = v.only("cursor")
	page, err := send(v, people.listLicenseJobs, c)
	if err != nil {
		return err
	}
	for _, j := range page.Items {
		v.poll = v.poll || !j.Final
	}
	knowOf(v, page.Items, func(j licenseJob) string { return j.By })
	return v.render(http.StatusOK, jobsTemplate(v, page))
}

// jobView is what the page of a license job shows.
type jobView struct {
	licenseJob
	Known   []subscription
	Results userResultPage
	Next    assignmentPage // what a rehearsal was of
}

func showLicenseJob(v *visit) error {
	id := v.r.PathValue("id")
	m := jobView{}
	all := v.calls()
	fetch(all, people.getLicenseJob, nil, &m.licenseJob, id)
	forUsers := v.userSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Known = forUsers.Items
	if v.poll = !m.Final; m.Final {
		c := v.call()
		c.Query = v.only("cursor")
		var err error
		if m.Results, err = send(v, people.listLicenseJobResults, c, id); err != nil {
			return err
		}
	}
	if next, err := url.ParseQuery(v.q("next")); err == nil && len(next) > 0 {
		m.Next = assignmentOf(next)
	}
	v.know(m.By)
	return v.render(http.StatusOK, jobTemplate(v, m))
}

// canDo reports whether the page has the form that does what was rehearsed.
func (m *jobView) canDo() bool { return m.Final && m.DryRun && m.Next.choosesAll() }

// what returns the code of what a job does.
func (j *licenseJob) what() string {
	if j.Action == "remove" {
		return "console_mode_remove"
	}
	if j.Mode == "" {
		return "console_mode_add"
	}
	return "console_mode_" + j.Mode
}
