package i18n

// inventoryMessages are about files of inventory, the rows that could not be
// read, and what titles were recognised as.
var inventoryMessages = map[string]message{
	"inventory_format": {
		"This is not an inventory file that can be read. Send AppInvRawData or AppInvAggregate as Intune exports it (CSV or ZIP), GLPI inventory or osquery programs as JSON.",
		"Dit is geen leesbaar inventarisbestand. Stuur AppInvRawData of AppInvAggregate zoals Intune het exporteert (CSV of ZIP), een GLPI-inventaris of osquery programs als JSON.",
		"Ce fichier d'inventaire n'est pas lisible. Envoyez AppInvRawData ou AppInvAggregate tel qu'Intune l'exporte (CSV ou ZIP), un inventaire GLPI ou osquery programs en JSON.",
	},
	"inventory_archive": {
		"The ZIP archive is damaged or encrypted. Export it again, and upload it as it is.",
		"Het ZIP-archief is beschadigd of versleuteld. Exporteer het opnieuw en upload het ongewijzigd.",
		"L'archive ZIP est endommagée ou chiffrée. Exportez-la à nouveau et déposez-la telle quelle.",
	},
	"inventory_bomb": {
		"The ZIP archive unpacks to far more than an inventory does, so it was not read on. Upload the unpacked CSV file instead.",
		"Het ZIP-archief wordt uitgepakt veel groter dan een inventaris en is daarom niet verder gelezen. Upload in plaats daarvan het uitgepakte CSV-bestand.",
		"L'archive ZIP donne bien plus qu'un inventaire une fois décompressée ; sa lecture a été arrêtée. Déposez plutôt le fichier CSV décompressé.",
	},
	"inventory_mixed": {
		"The ZIP archive has AppInvAggregate beside another report, which would count the same PCs twice. Upload one of them.",
		"Het ZIP-archief bevat AppInvAggregate naast een ander rapport, waardoor dezelfde pc's dubbel zouden tellen. Upload er één van.",
		"L'archive ZIP contient AppInvAggregate à côté d'un autre rapport, ce qui compterait deux fois les mêmes PC. N'en déposez qu'un.",
	},
	"inventory_size": {
		"The file is larger than an inventory can be. Split it by device, or export fewer columns.",
		"Het bestand is groter dan een inventaris kan zijn. Splits het per apparaat of exporteer minder kolommen.",
		"Le fichier dépasse la taille d'un inventaire. Divisez-le par appareil ou exportez moins de colonnes.",
	},
	"inventory_titles": {
		"The file has more different titles than can be told apart. Look whether its columns are those of an inventory.",
		"Het bestand bevat meer verschillende titels dan uit elkaar te houden zijn. Kijk of de kolommen die van een inventaris zijn.",
		"Le fichier contient trop de titres différents. Vérifiez que ses colonnes sont celles d'un inventaire.",
	},
	"inventory_empty": {
		"The file tells of no PC, so it replaced nothing. Look whether the export was complete, and upload it again.",
		"Het bestand vermeldt geen enkele pc en heeft dus niets vervangen. Kijk of de export volledig was en upload het opnieuw.",
		"Le fichier ne mentionne aucun PC et n'a donc rien remplacé. Vérifiez que l'export était complet et déposez-le à nouveau.",
	},
	"inventory_gone": {
		"The file is no longer in the bucket, so it cannot be counted by the rules as they are now. Upload a new one.",
		"Het bestand staat niet meer in de bucket en kan dus niet volgens de huidige regels worden geteld. Upload een nieuw.",
		"Le fichier n'est plus dans le bucket et ne peut donc pas être compté selon les règles actuelles. Déposez-en un nouveau.",
	},

	// Why a row could not be read.
	"inventory_row_columns": {
		"The row does not have as many columns as the header.",
		"De rij heeft niet evenveel kolommen als de kopregel.",
		"La ligne n'a pas autant de colonnes que l'en-tête.",
	},
	"inventory_row_quote": {
		"A quotation mark is not closed, or is followed by something else than a separator.",
		"Een aanhalingsteken wordt niet gesloten of wordt niet gevolgd door een scheidingsteken.",
		"Un guillemet n'est pas fermé ou n'est pas suivi d'un séparateur.",
	},
	"inventory_row_long": {
		"The row, or a text in it, is too long.",
		"De rij of een tekst erin is te lang.",
		"La ligne, ou un texte qu'elle contient, est trop longue.",
	},
	"inventory_row_device": {
		"The row names no device.",
		"De rij noemt geen apparaat.",
		"La ligne ne nomme aucun appareil.",
	},
	"inventory_row_title": {
		"The row names no title.",
		"De rij noemt geen titel.",
		"La ligne ne nomme aucun titre.",
	},
	"inventory_row_number": {
		"The number of devices is not a whole number.",
		"Het aantal apparaten is geen geheel getal.",
		"Le nombre d'appareils n'est pas un nombre entier.",
	},
	"inventory_row_document": {
		"The JSON is damaged, or tells no software of a device.",
		"De JSON is beschadigd of noemt geen software van een apparaat.",
		"Le JSON est endommagé ou n'indique aucun logiciel d'un appareil.",
	},
	"inventory_row_removed": {
		"The row says that a title was removed since an earlier one. Send snapshots, which list what is installed.",
		"De rij zegt dat een titel sinds eerder is verwijderd. Stuur snapshots, die opsommen wat geïnstalleerd is.",
		"La ligne dit qu'un titre a été retiré depuis. Envoyez des instantanés, qui listent ce qui est installé.",
	},
	"inventory_row_file": {
		"This file of the archive is no inventory.",
		"Dit bestand in het archief is geen inventaris.",
		"Ce fichier de l'archive n'est pas un inventaire.",
	},

	// What a title was recognised as.
	"inventory_is_product": {
		"Counted as {product} because of the rule {rule}.",
		"Geteld als {product} vanwege de regel {rule}.",
		"Compté comme {product} en raison de la règle {rule}.",
	},
	"inventory_is_component": {
		"Not counted because it is part of another product (rule {rule}).",
		"Niet geteld omdat het een onderdeel van een ander product is (regel {rule}).",
		"Non compté, car c'est un composant d'un autre produit (règle {rule}).",
	},
	"inventory_is_part": {
		"Not counted because it is part of {product} (rule {rule}).",
		"Niet geteld omdat het een onderdeel van {product} is (regel {rule}).",
		"Non compté, car c'est un composant de {product} (règle {rule}).",
	},
	"inventory_is_update": {
		"Not counted because it is an update, hotfix or service pack (rule {rule}).",
		"Niet geteld omdat het een update, hotfix of servicepack is (regel {rule}).",
		"Non compté, car c'est une mise à jour, un correctif ou un Service Pack (règle {rule}).",
	},
	"inventory_is_language": {
		"Not counted because it is a language pack or proofing tool (rule {rule}).",
		"Niet geteld omdat het een taalpakket of taalcontrole is (regel {rule}).",
		"Non compté, car c'est un module linguistique ou un outil de vérification (règle {rule}).",
	},
	"inventory_is_driver": {
		"Not counted because it is a driver or comes with a device (rule {rule}).",
		"Niet geteld omdat het een stuurprogramma is of bij een apparaat hoort (regel {rule}).",
		"Non compté, car c'est un pilote ou qu'il accompagne un appareil (règle {rule}).",
	},
	"inventory_is_runtime": {
		"Not counted because it is a runtime that other programs need (rule {rule}).",
		"Niet geteld omdat het een runtime is die andere programma's nodig hebben (regel {rule}).",
		"Non compté, car c'est un composant d'exécution dont d'autres programmes ont besoin (règle {rule}).",
	},
	"inventory_is_free": {
		"Not counted because it needs no license (rule {rule}).",
		"Niet geteld omdat er geen licentie voor nodig is (regel {rule}).",
		"Non compté, car aucune licence n'est nécessaire (règle {rule}).",
	},
	"inventory_is_ignored": {
		"Not counted because an admin's rule ignores it ({rule}).",
		"Niet geteld omdat een regel van een beheerder het negeert ({rule}).",
		"Non compté, car une règle d'un administrateur l'ignore ({rule}).",
	},
	"inventory_is_unknown": {
		"Not counted because no rule knows it. It waits in the queue of unknown titles.",
		"Niet geteld omdat geen regel het kent. Het staat in de wachtrij van onbekende titels.",
		"Non compté, car aucune règle ne le connaît. Il attend dans la file des titres inconnus.",
	},

	"rule_not_found": {
		"No admin's rule has the id {id}.",
		"Geen regel van een beheerder heeft de id {id}.",
		"Aucune règle d'un administrateur n'a l'id {id}.",
	},
	"inventory_source_not_found": {
		"No file has come from a source called {id}.",
		"Er is geen bestand gekomen van een bron met de naam {id}.",
		"Aucun fichier n'est venu d'une source nommée {id}.",
	},
	"inventory_file_name": {
		"Give the name of a file: 1 to {max} characters, without slashes and control characters.",
		"Geef de naam van een bestand: 1 tot {max} tekens, zonder schuine strepen en stuurtekens.",
		"Indiquez le nom d'un fichier : 1 à {max} caractères, sans barres obliques ni caractères de contrôle.",
	},
	"inventory_source_name": {
		"Give the name of a folder: at most {max} characters, without slashes and control characters, and not only dots.",
		"Geef de naam van een map: hoogstens {max} tekens, zonder schuine strepen en stuurtekens, en niet alleen punten.",
		"Indiquez le nom d'un dossier : {max} caractères au plus, sans barres obliques ni caractères de contrôle, et pas seulement des points.",
	},

	// What is wrong with an admin's rules.
	"rules_many": {
		"There can be at most {max} rules.",
		"Er kunnen hoogstens {max} regels zijn.",
		"Il peut y avoir {max} règles au plus.",
	},
	"rule_id": {
		"Give every rule an id of its own.",
		"Geef elke regel een eigen id.",
		"Donnez à chaque règle un id qui lui est propre.",
	},
	"rule_kind": {
		"This is not a kind of rule.",
		"Dit is geen soort regel.",
		"Ce n'est pas un type de règle.",
	},
	"rule_name": {
		"Say which names the rule is about; * alone is every name.",
		"Geef op over welke namen de regel gaat; alleen * is elke naam.",
		"Indiquez les noms que la règle concerne ; * seul est n'importe quel nom.",
	},
	"rule_pattern": {
		"In a pattern, * stands for any text, {year} for a year and {number} for a number. Leave other braces out.",
		"In een patroon staat * voor elke tekst, {year} voor een jaar en {number} voor een getal. Laat andere accolades weg.",
		"Dans un modèle, * remplace n'importe quel texte, {year} une année et {number} un nombre. Omettez les autres accolades.",
	},
	"rule_product": {
		"Give the publisher and the family of the product.",
		"Geef de uitgever en de familie van het product op.",
		"Indiquez l'éditeur et la famille du produit.",
	},
	"rule_title": {
		"Give the title that this one is another name of.",
		"Geef de titel op waarvan dit een andere naam is.",
		"Indiquez le titre dont celui-ci est un autre nom.",
	},
}
