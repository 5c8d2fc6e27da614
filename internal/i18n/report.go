package i18n

import (
	"trueup/internal/errs"
	"trueup/internal/report"
)

// Report returns the words of reports.
func Report(lang Lang) report.Words {
	return report.Words{Lang: string(lang), Text: func(code string, args errs.Args) string { return Text(lang, code, args) }}
}

// reportMessages are the words of reports: titles, columns, what stands in
// cells, and what a report says about itself.
var reportMessages = map[string]message{
	"report_license_purchases":     {"License purchase report", "Licentieaankooprapport", "Rapport d'achat de licences"},
	"report_license_installations": {"License installation report", "Licentie-installatierapport", "Rapport d'installation de licences"},
	"report_comparison":            {"License installations compared", "Licentie-installaties vergeleken", "Comparaison des installations"},

	"report_notice": {
		"This report is for convenience only. Its accuracy is not guaranteed, and it is no proof of compliance with Volume Licensing agreements. Adding or deleting something here does not change the agreements with the publisher.",
		"Dit rapport is alleen bedoeld als hulpmiddel. De juistheid ervan is niet gegarandeerd en het bewijst niet dat aan volumelicentieovereenkomsten wordt voldaan. Wat u hier toevoegt of verwijdert, verandert niets aan de overeenkomsten met de uitgever.",
		"Ce rapport est fourni à titre indicatif. Son exactitude n'est pas garantie et il ne prouve pas la conformité aux accords de licence en volume. Ce que vous ajoutez ou supprimez ici ne modifie pas les accords avec l'éditeur.",
	},
	"report_stale": {
		"The license data is out of date: it is older than 24 hours, or agreements have changed since. A refresh brings it up to date.",
		"De licentiegegevens zijn verouderd: ze zijn ouder dan 24 uur of overeenkomsten zijn sindsdien gewijzigd. Vernieuwen werkt ze bij.",
		"Les données de licence ne sont plus à jour : elles ont plus de 24 heures ou des accords ont changé depuis. Une actualisation les met à jour.",
	},
	"report_never": {
		"The license data has never been refreshed.",
		"De licentiegegevens zijn nog nooit vernieuwd.",
		"Les données de licence n'ont jamais été actualisées.",
	},
	"report_data_at": {"License data of {moment}", "Licentiegegevens van {moment}", "Données de licence du {moment}"},
	"report_compared_with": {
		"Compared with the license data of {moment}", "Vergeleken met de licentiegegevens van {moment}", "Comparées aux données de licence du {moment}",
	},
	"report_made_at": {"Report made on {moment}", "Rapport gemaakt op {moment}", "Rapport établi le {moment}"},
	"report_filter":  {"Filter: {filters}", "Selectie: {filters}", "Filtre : {filters}"},
	"report_groups":  {"license groups: {count}", "licentiegroepen: {count}", "groupes de licences : {count}"},
	"report_steps": {
		"A license covers an installation of: {steps}",
		"Een licentie dekt een installatie van: {steps}",
		"Une licence couvre une installation de : {steps}",
	},
	"cursor_outdated": {
		"What the report is made from has changed since its first page. Begin again without a cursor.",
		"De gegevens van het rapport zijn gewijzigd sinds de eerste pagina. Begin opnieuw zonder cursor.",
		"Les données du rapport ont changé depuis sa première page. Recommencez sans curseur.",
	},
	"product_not_found": {
		"The report has no product {id}.",
		"Het rapport heeft geen product {id}.",
		"Le rapport n'a pas de produit {id}.",
	},
	"snapshot_not_found": {
		"There are no reports of {date}. The nearest days that have reports: {dates}.",
		"Er zijn geen rapporten van {date}. De dichtstbijzijnde dagen met rapporten: {dates}.",
		"Il n'y a pas de rapports du {date}. Les jours les plus proches qui en ont : {dates}.",
	},
	"snapshots_none": {
		"No reports were kept yet: the first refresh of the license data does so.",
		"Er zijn nog geen rapporten bewaard: dat gebeurt bij de eerste keer dat de licentiegegevens worden vernieuwd.",
		"Aucun rapport n'a encore été conservé : la première actualisation des données de licence le fera.",
	},

	"report_total":        {"Total", "Totaal", "Total"},
	"report_total_of_all": {"Total of all products", "Totaal van alle producten", "Total de tous les produits"},

	"report_column_name":       {"Agreement", "Overeenkomst", "Accord"},
	"report_column_type":       {"Type", "Soort", "Type"},
	"report_column_group":      {"License group", "Licentiegroep", "Groupe de licences"},
	"report_column_publisher":  {"Publisher", "Uitgever", "Éditeur"},
	"report_column_product":    {"Product", "Product", "Produit"},
	"report_column_quantity":   {"Licenses", "Licenties", "Licences"},
	"report_column_sa":         {"Software Assurance", "Software Assurance", "Software Assurance"},
	"report_column_start":      {"Start date", "Begindatum", "Date de début"},
	"report_column_end":        {"End date", "Einddatum", "Date de fin"},
	"report_column_days_left":  {"Days left", "Resterende dagen", "Jours restants"},
	"report_column_status":     {"Status", "Status", "État"},
	"report_column_validation": {"Validation", "Validatie", "Validation"},
	"report_column_counted":    {"Counted today", "Telt vandaag mee", "Comptées aujourd'hui"},

	"report_column_volume":     {"Volume licenses", "Volumelicenties", "Licences en volume"},
	"report_column_other":      {"Other licenses", "Andere licenties", "Autres licences"},
	"report_column_licenses":   {"Licenses in all", "Licenties samen", "Total des licences"},
	"report_column_moved_in":   {"From other versions", "Van andere versies", "D'autres versions"},
	"report_column_moved_out":  {"To other versions", "Naar andere versies", "Vers d'autres versions"},
	"report_column_installed":  {"Installed PCs", "Pc's met installatie", "PC équipés"},
	"report_column_surplus":    {"Left", "Over", "Excédent"},
	"report_column_shortfall":  {"Missing", "Tekort", "Manque"},
	"report_column_difference": {"Difference", "Verschil", "Différence"},
	"report_column_coverage":   {"Coverage in %", "Dekking in %", "Couverture en %"},
	"report_column_verdict":    {"Verdict", "Oordeel", "Verdict"},

	"report_column_licenses_before":   {"Licenses before", "Licenties eerst", "Licences avant"},
	"report_column_licenses_after":    {"Licenses after", "Licenties daarna", "Licences après"},
	"report_column_installed_before":  {"Installed before", "Geïnstalleerd eerst", "Installés avant"},
	"report_column_installed_after":   {"Installed after", "Geïnstalleerd daarna", "Installés après"},
	"report_column_difference_before": {"Difference before", "Verschil eerst", "Différence avant"},
	"report_column_difference_after":  {"Difference after", "Verschil daarna", "Différence après"},
	"report_column_verdict_before":    {"Verdict before", "Oordeel eerst", "Verdict avant"},
	"report_column_verdict_after":     {"Verdict after", "Oordeel daarna", "Verdict après"},

	"step_exact":     {"the same version", "dezelfde versie", "la même version"},
	"step_prefix":    {"an update of its version", "een update van haar versie", "une mise à jour de sa version"},
	"step_downgrade": {"an older version (downgrade rights)", "een oudere versie (downgraderechten)", "une version antérieure (droits de rétrogradation)"},
	"step_assurance": {"a newer version, with Software Assurance", "een nieuwere versie, met Software Assurance", "une version plus récente, avec la Software Assurance"},

	"license_type_volume": {"Volume licensing", "Volumelicentie", "Licence en volume"},
	"license_type_other":  {"Other", "Overig", "Autre"},
	"status_not_started":  {"Not started", "Nog niet begonnen", "Pas commencé"},
	"status_active":       {"Active", "Actief", "Actif"},
	"status_expiring":     {"Expiring", "Loopt af", "Expire bientôt"},
	"status_expired":      {"Expired", "Verlopen", "Expiré"},
	"status_no_term":      {"No term", "Geen looptijd", "Sans durée"},
	"validation_valid":    {"Valid", "Geldig", "Valide"},
	"validation_pending":  {"Pending", "Wacht op controle", "En attente"},
	"validation_error":    {"Not checked", "Niet gecontroleerd", "Non vérifié"},
	"validation_invalid":  {"Invalid", "Ongeldig", "Non valide"},
	"verdict_covered":     {"Covered", "Gedekt", "Couvert"},
	"verdict_short":       {"Short", "Tekort", "Insuffisant"},
	"verdict_unused":      {"Unused", "Ongebruikt", "Inutilisé"},
	"verdict_unlicensed":  {"Unlicensed", "Zonder licentie", "Sans licence"},
}
