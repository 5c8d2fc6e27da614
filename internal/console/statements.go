package console

import "net/http"

// Colours and icons of the states of statements.
var statementTone = map[string]string{"received": "unused", "accepted": "covered", "refused": "unlicensed", "replaced": "unused", "removed": "unused"}

func listStatements(v *visit) error {
	c := v.call()
	c.Query = v.only("cursor")
	m, err := send(v, api.listStatements, c)
	if err != nil {
		return err
	}
	for _, s := range m.Items {
		v.poll = v.poll || s.State == "received"
	}
	knowOf(v, m.Items, func(s statement) string { return s.By })
	return v.render(http.StatusOK, statementsTemplate(v, m))
}

func showStatement(v *visit) error {
	m, err := send(v, api.getStatement, v.call(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.poll = !m.Final
	v.know(m.By)
	return v.render(http.StatusOK, statementTemplate(v, m))
}

func confirmRemoval(v *visit) error {
	m, err := send(v, api.getStatement, v.call(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, removalTemplate(v, m))
}

func removeStatement(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	removed, err := send(v, api.deleteStatement, v.change(nil), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note("console_done_statement_removed", "file", removed.FileName)
	return v.redirect("/console/statements")
}
