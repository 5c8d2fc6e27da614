package i18n

// The notices that come with a deletion (R2.10, R4.3, R8.7).
const (
	AgreementDeleted = "agreement_deleted"
	OtherDeleted     = "other_deleted" // an agreement of type other
	GroupDeleted     = "group_deleted"
)

// editMessages are about changes by hand: what they clash with, what is wrong
// with them, and what they mean.
var editMessages = map[string]message{
	AgreementDeleted: {
		"Deleted here only: the agreement with the publisher is not changed. Licence data still counts it until the next refresh.",
		"Alleen hier verwijderd: de overeenkomst met de uitgever verandert niet. De licentiegegevens tellen haar nog mee tot de volgende vernieuwing.",
		"Supprimé ici seulement : l'accord avec l'éditeur ne change pas. Les données de licence le comptent encore jusqu'à la prochaine actualisation.",
	},

	OtherDeleted: {
		"Deleted here only: the agreement with the publisher is not changed.",
		"Alleen hier verwijderd: de overeenkomst met de uitgever verandert niet.",
		"Supprimé ici seulement : l'accord avec l'éditeur ne change pas.",
	},

	GroupDeleted: {
		"The license group is gone. Its agreements are in Unassigned agreements now; none was deleted.",
		"De licentiegroep is weg. Haar overeenkomsten staan nu bij Niet-toegewezen overeenkomsten; er is er geen verwijderd.",
		"Le groupe de licences n'existe plus. Ses accords sont maintenant dans Accords non attribués ; aucun n'a été supprimé.",
	},

	// What a change clashes with.
	"taken": {
		"What is listed under errors is taken already. Change it and send the request again.",
		"Wat onder errors staat is al in gebruik. Wijzig het en stuur het verzoek opnieuw.",
		"Ce qui figure sous errors est déjà pris. Modifiez-le et renvoyez la requête.",
	},
	"name_taken": {
		"The agreement {agreement} has this name already. Choose another name.",
		"De overeenkomst {agreement} heeft deze naam al. Kies een andere naam.",
		"L'accord {agreement} porte déjà ce nom. Choisissez un autre nom.",
	},
	"group_name_taken": {
		"There is a license group with this name already. Choose another name.",
		"Er is al een licentiegroep met deze naam. Kies een andere naam.",
		"Un groupe de licences porte déjà ce nom. Choisissez un autre nom.",
	},
	"group_built_in": {
		"This license group is built in. It cannot be renamed or deleted.",
		"Deze licentiegroep is ingebouwd. Ze kan niet worden hernoemd of verwijderd.",
		"Ce groupe de licences est intégré. Il ne peut être ni renommé ni supprimé.",
	},
	"import_running": {
		"An import is storing this just now. Try again when it has ended.",
		"Een import slaat dit op dit moment op. Probeer het opnieuw als die klaar is.",
		"Une importation est en train de l'enregistrer. Réessayez quand elle sera terminée.",
	},
	"version_stale": {
		"Somebody changed this in the meantime. Read it again, and repeat your change on what you see.",
		"Iemand heeft dit intussen gewijzigd. Lees het opnieuw en herhaal uw wijziging op wat u ziet.",
		"Quelqu'un l'a modifié entre-temps. Relisez et refaites votre modification sur ce que vous voyez.",
	},
	"pair_not_found": {
		"This agreement has no such pair. It may have been removed.",
		"Deze overeenkomst heeft dit nummerpaar niet. Misschien is het verwijderd.",
		"Cet accord n'a pas cette paire de numéros. Elle a peut-être été supprimée.",
	},
	"pairs_last": {
		"This is the agreement's last pair and cannot be removed. Add another one first, or delete the agreement.",
		"Dit is het laatste nummerpaar van de overeenkomst en kan niet weg. Voeg eerst een ander toe of verwijder de overeenkomst.",
		"C'est la dernière paire de l'accord : elle ne peut pas être retirée. Ajoutez-en d'abord une autre ou supprimez l'accord.",
	},

	// What is wrong with a change.
	"pairs_too_many": {
		"One request takes at most {max} pairs. Send the others in further requests, or import a file.",
		"Eén verzoek mag hoogstens {max} nummerparen bevatten. Stuur de rest in volgende verzoeken of importeer een bestand.",
		"Une requête accepte {max} paires au plus. Envoyez les autres dans d'autres requêtes, ou importez un fichier.",
	},
	"group_choice": {
		"Choose a license group either by id or by name.",
		"Kies een licentiegroep met óf id óf name.",
		"Choisissez un groupe de licences soit par id, soit par name.",
	},
	"change_required": {
		"Say what is to be changed.",
		"Geef aan wat er gewijzigd moet worden.",
		"Indiquez ce qu'il faut modifier.",
	},
	"ids_required": {
		"Name at least one agreement.",
		"Noem minstens één overeenkomst.",
		"Indiquez au moins un accord.",
	},
	"ids_too_many": {
		"One request takes at most {max} agreements. Send the others in further requests.",
		"Eén verzoek mag hoogstens {max} overeenkomsten bevatten. Stuur de rest in volgende verzoeken.",
		"Une requête accepte {max} accords au plus. Envoyez les autres dans d'autres requêtes.",
	},
	"id_repeated": {
		"This is the same agreement as number {first}. Remove one of them.",
		"Dit is dezelfde overeenkomst als nummer {first}. Verwijder er één.",
		"C'est le même accord que le numéro {first}. Supprimez-en un.",
	},

	// About the audit events.
	"time_invalid": {
		"Give a date such as 2026-11-21, or a time such as 2026-11-21T09:30:00Z.",
		"Geef een datum op, zoals 2026-11-21, of een tijdstip, zoals 2026-11-21T09:30:00Z.",
		"Indiquez une date comme 2026-11-21, ou une heure comme 2026-11-21T09:30:00Z.",
	},
	"range_reversed": {
		"This is after the end. Swap from and to.",
		"Dit ligt na het einde. Verwissel from en to.",
		"C'est après la fin. Inversez from et to.",
	},
	"range_too_long": {
		"An export covers at most {max} days. Choose a later from or an earlier to.",
		"Een export beslaat hoogstens {max} dagen. Kies een latere from of een eerdere to.",
		"Un export couvre {max} jours au plus. Choisissez un from plus tardif ou un to plus précoce.",
	},
	"export_too_large": {
		"There are too many events for one file. Choose fewer days with from and to, or filter by action, by or subject.",
		"Er zijn te veel gebeurtenissen voor één bestand. Kies minder dagen met from en to, of filter op action, by of subject.",
		"Il y a trop d'événements pour un seul fichier. Choisissez moins de jours avec from et to, ou filtrez par action, by ou subject.",
	},
}
