"""Lit un fichier AAF fiche par fiche, en mémoire constante.

Une fiche fautive est rendue comme un :class:`Rejet`, et la suite continue. Un fichier qui n'est pas du XML
entier et sain lève :class:`~ent_core.socle.erreurs.FichierRefuse` au moment où on le découvre, donc
parfois après des fiches déjà rendues : l'appelant n'enregistre rien avant la fin de la lecture.

La DTD n'est pas lue dans la livraison : la structure est contrôlée ici. Aucune entité n'est développée et
le réseau est fermé.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from lxml import etree

from ent_core.identite.aaf.fiche import Element, Fiche, Interprete, Rejet, nommer
from ent_core.identite.aaf.flux import blocs, determiner_encodage, remplacer_entites
from ent_core.identite.aaf.grammaire import RACINE
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["Fiche", "Lecture", "Rejet", "lire"]

TAILLE_MAX_FICHE = 4 * 1024 * 1024

# Les messages de libxml2 peuvent citer le contenu du fichier : seul son code d'erreur est gardé.
_CAUSES = {
    4: "il est vide ou ne commence pas par une balise",
    5: "il s'arrête avant la fin, ou continue après elle",
    9: "il contient un caractère interdit en XML",
    23: "un « & » n'est pas suivi d'une entité",
    26: "il cite une entité inconnue",
    68: "un « & » n'est pas suivi d'une entité",
    73: "une balise n'est pas terminée",
    76: "une balise fermante ne répond pas à la balise ouvrante",
    77: "il est tronqué : des balises ne sont pas fermées",
    81: "des octets ne sont pas dans l'encodage attendu",
    114: "un texte ou un emboîtement dépasse les limites de sûreté",
}


class Lecture(Iterator[Fiche | Rejet]):
    """Les fiches d'un fichier, dans l'ordre, et ce que la lecture en apprend.

    ``avertissements`` est rempli dès la création. ``attributs_inconnus`` compte, au fil de la lecture, les
    noms d'attributs hors de l'annexe ; ``octets_lus`` suit l'avancement.
    """

    def __init__(self, fichier: BinaryIO, nom: str, attributs_utiles: frozenset[str] | None) -> None:
        encodage = determiner_encodage(fichier, nom)
        self.nom = nom
        self.avertissements = encodage.avertissements
        self.octets_lus = 0
        self._interprete = Interprete(nom, attributs_utiles)
        self._suite = self._parcourir(fichier, encodage.nom)

    @property
    def attributs_inconnus(self) -> Counter[str]:
        """Nombre de fiches par nom d'attribut hors de l'annexe."""
        return self._interprete.attributs_inconnus

    def __next__(self) -> Fiche | Rejet:
        return next(self._suite)

    def _parcourir(self, fichier: BinaryIO, encodage: str) -> Iterator[Fiche | Rejet]:
        analyseur = _analyseur(encodage, balise=RACINE)
        interpreter = self._interprete.interpreter
        racine: Element = None
        depuis_une_fiche = 0
        try:
            for bloc in remplacer_entites(self._compter(blocs(fichier))):
                if racine is None:
                    self._verifier_racine(bloc, encodage)
                analyseur.feed(bloc)
                for _, element in analyseur.read_events():
                    racine = element if racine is None else racine
                # Le dernier enfant peut être en cours de lecture ; ceux d'avant sont entiers.
                entiers = racine[:-1]
                for element in entiers:
                    yield interpreter(element)
                del racine[:-1]
                depuis_une_fiche = 0 if entiers else depuis_une_fiche + len(bloc)
                if depuis_une_fiche > TAILLE_MAX_FICHE:
                    self._refuser_demesure(racine)
            racine = analyseur.close()
        except etree.XMLSyntaxError as erreur:
            raise self._mal_forme(erreur) from None
        for element in racine:
            yield interpreter(element)

    def _compter(self, suite: Iterator[bytes]) -> Iterator[bytes]:
        for bloc in suite:
            self.octets_lus += len(bloc)
            yield bloc

    def _verifier_racine(self, bloc: bytes, encodage: str) -> None:
        """Refuse, sur le premier bloc, ce qui n'est pas de l'AAF et toute déclaration d'entité."""
        analyseur = _analyseur(encodage)
        analyseur.feed(bloc)
        debuts: Iterator[tuple[str, Element]] = analyseur.read_events()
        _, element = next(debuts, ("", None))
        if element is None:
            raise FichierRefuse(
                "Le fichier n'a pas de balise racine : il est tronqué, ou ce n'est pas un fichier AAF.",
                lieu=self.nom,
                remede=f"attendu : un fichier XML dont la racine est <{RACINE}>.",
            )
        if element.tag != RACINE:
            raise FichierRefuse(
                f"Ce n'est pas un fichier AAF : la racine est {nommer(element.tag)}, et non <{RACINE}>.",
                lieu=f"{self.nom}, ligne {element.sourceline}",
                remede="vérifier que le fichier vient bien de l'annuaire académique fédérateur.",
            )
        dtd = element.getroottree().docinfo.internalDTD
        if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
            raise FichierRefuse(
                "Le fichier déclare des entités dans son DOCTYPE : c'est refusé, par sûreté.",
                lieu=f"{self.nom}, avant la ligne {element.sourceline}",
                remede="un fichier AAF n'en a pas besoin ; redemander la livraison.",
            )

    def _refuser_demesure(self, racine: Element) -> NoReturn:
        ligne = racine[-1].sourceline if len(racine) else racine.sourceline
        raise FichierRefuse(
            f"Une fiche dépasse {TAILLE_MAX_FICHE // 1024**2} Mio.",
            lieu=f"{self.nom}, ligne {ligne}",
            remede="le fichier est abîmé ou malveillant ; redemander la livraison.",
        )

    def _mal_forme(self, erreur: etree.XMLSyntaxError) -> FichierRefuse:
        ligne = erreur.position[0]
        code: int = getattr(erreur, "code", 0)
        cause = _CAUSES.get(code, f"erreur {code} de libxml2")
        return FichierRefuse(
            f"Le fichier n'est pas du XML bien formé : {cause}. Rien n'en est gardé.",
            lieu=f"{self.nom}, ligne {ligne}" if ligne else self.nom,
            remede="le transfert a pu être coupé ; redemander ou recopier la livraison.",
        )


def lire(fichier: BinaryIO, *, nom: str, attributs_utiles: frozenset[str] | None = None) -> Lecture:
    """Lit les fiches d'un fichier AAF.

    :param fichier: fichier repositionnable (il est parcouru une première fois pour l'encodage).
    :param nom: nom à citer dans les rejets et les erreurs.
    :param attributs_utiles: attributs à garder ; ``None`` les garde tous.
    :returns: itérateur de :class:`Fiche` et de :class:`Rejet`, qui ne sert qu'une fois.
    :raises FichierRefuse: encodage inconnu (à l'appel) ; fichier mal formé, tronqué, dangereux ou d'un
        autre format (pendant la lecture).
    """
    return Lecture(fichier, nom, attributs_utiles)


def _analyseur(encodage: str, balise: str | None = None) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=("start",),
        tag=balise,
        encoding=encodage,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
    )
