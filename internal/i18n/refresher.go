package i18n

// refreshMessages are about refreshes: why one did not succeed, and what cannot
// be done with one. When the source is the reason, entitlementMessages say it.
var refreshMessages = map[string]message{
	"refresh_held": {
		"Entitlements would drop from {before} to {after} licenses, which is more than 20 %. The drop is held back until you confirm it.",
		"De rechten zouden dalen van {before} naar {after} licenties, meer dan 20 %. De daling wordt tegengehouden tot u haar bevestigt.",
		"Les droits passeraient de {before} à {after} licences, soit plus de 20 %. La baisse est retenue jusqu'à ce que vous la confirmiez.",
	},
	"refresh_pairs_failed": {
		"Of {checked} pairs, {failed} were not answered. They keep what was known before and are asked about again at the next refresh.",
		"Van {checked} paren zijn er {failed} niet beantwoord. Zij houden wat eerder bekend was; bij de volgende verversing wordt er opnieuw naar gevraagd.",
		"Sur {checked} paires, {failed} sont restées sans réponse. Elles conservent ce qui était connu et seront redemandées à la prochaine actualisation.",
	},
	"refresh_interrupted": {
		"The refresh was interrupted {attempts} times without getting any further. Look in the log, then refresh again.",
		"De verversing is {attempts} keer onderbroken zonder verder te komen. Kijk in het logboek en ververs daarna opnieuw.",
		"L'actualisation a été interrompue {attempts} fois sans avancer. Consultez le journal, puis actualisez à nouveau.",
	},
	"refresh_not_found": {
		"There is no such refresh.",
		"Deze verversing bestaat niet.",
		"Cette actualisation n'existe pas.",
	},
	"refresh_not_held": {
		"Nothing of this refresh is held back, or a later one has replaced it. Look at the last refresh.",
		"Van deze verversing wordt niets tegengehouden, of een latere heeft haar vervangen. Bekijk de laatste verversing.",
		"Rien de cette actualisation n'est retenu, ou une plus récente l'a remplacée. Consultez la dernière actualisation.",
	},
	"refresh_running": {
		"A refresh is running. Confirm when it has ended.",
		"Er loopt een verversing. Bevestig als die is afgelopen.",
		"Une actualisation est en cours. Confirmez lorsqu'elle sera terminée.",
	},
}
