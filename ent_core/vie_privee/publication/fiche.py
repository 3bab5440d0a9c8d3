"""La fiche d'un traitement : chaque rubrique du modèle de la CNIL, et d'où vient ce qu'elle dit.

Rien n'y est saisi de ce que le code sait déjà. Ce que lui seul ne peut pas savoir vient des réponses de
l'établissement ou de l'académie, demandées une fois ; ce qui manque se voit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from ent_core.contrat.donnees import NatureDepot, Traitement
from ent_core.socle.dates import jour_court
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.contenu import Contenu
from ent_core.vie_privee.publication.droits import droits
from ent_core.vie_privee.publication.reponses import Reponses, SousTraitantLu

__all__ = ["CADRE_VIDE", "Cadre", "FicheTraitement", "Partie", "Provenance", "Rubrique", "Vigueur", "rediger"]


class Provenance(StrEnum):
    """D'où vient ce que dit une rubrique."""

    CODE = "le code"
    INSTANCE = "l'instance"
    ACADEMIE = "l'académie"
    ETABLISSEMENT = "l'établissement"


class Partie(StrEnum):
    """Parties d'une fiche, dans l'ordre du modèle."""

    DESCRIPTION = "Description"
    ACTEURS = "Acteurs"
    FINALITES = "Finalités"
    DONNEES = "Personnes et données"
    DESTINATAIRES = "Destinataires"
    CONSERVATION = "Conservation"
    SECURITE = "Sécurité"
    DROITS = "Droits des personnes"


@dataclass(frozen=True, slots=True)
class Cadre:
    """Ce que l'instance sait d'elle-même.

    :param briques: identifiant de brique → titre.
    :param etablissement: nom de l'établissement ; vide pour toute l'académie.
    :param coordonnees: adresse, téléphone et courriel de l'établissement, d'après l'annuaire.
    :param degre: 1 (école), 2 (collège, lycée) ou 0.
    :param securise: servi en HTTPS.
    :param inactivite: minutes au bout desquelles une session inactive se ferme.
    :param dehors: traitement → destinataires hors de l'ENT que l'instance a déclarés, une ligne chacun.
    """

    produit: str = "ENT"
    academie: str = "Académie"
    briques: Mapping[str, str] = field(default_factory=dict)
    etablissement: str = ""
    coordonnees: str = ""
    degre: int = 0
    securise: bool = True
    inactivite: int = 30
    dehors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


CADRE_VIDE = Cadre()


@dataclass(frozen=True, slots=True)
class Vigueur:
    """Depuis quand une déclaration est en vigueur.

    :param cree_le: premier démarrage avec ce traitement.
    :param modifie_le: premier démarrage avec la déclaration présente.
    """

    cree_le: date
    modifie_le: date


@dataclass(frozen=True, slots=True)
class Rubrique:
    """Une case de la fiche.

    :param cle: nom stable, dans les exports.
    :param valeurs: une ligne par valeur ; vide, elle reste à compléter.
    """

    cle: str
    partie: Partie
    intitule: str
    valeurs: tuple[str, ...]
    provenance: Provenance

    @property
    def vide(self) -> bool:
        """Vrai si elle reste à compléter."""
        return not self.valeurs


@dataclass(frozen=True, slots=True)
class FicheTraitement:
    """Un traitement, tel que le registre le publie."""

    cle: str
    brique: str
    brique_titre: str
    intitule: str
    version: int
    rubriques: tuple[Rubrique, ...]

    def __getitem__(self, cle: str) -> Rubrique:
        return next(rubrique for rubrique in self.rubriques if rubrique.cle == cle)

    def parties(self) -> Iterator[tuple[Partie, tuple[Rubrique, ...]]]:
        """Rubriques par partie, dans l'ordre du modèle."""
        for partie in Partie:
            yield partie, tuple(r for r in self.rubriques if r.partie is partie)


@dataclass(frozen=True, slots=True)
class _Sources:
    """Tout ce dont une fiche se tire."""

    traitement: Traitement
    contenu: Contenu
    cadre: Cadre
    reponses: Reponses
    vigueur: Vigueur | None


Valeur = str | Iterable[str] | None
_Ecrire = Callable[[_Sources], Valeur]


def rediger(
    traitement: Traitement, contenu: Contenu, cadre: Cadre, reponses: Reponses, vigueur: Vigueur | None = None
) -> FicheTraitement:
    """Rédige la fiche d'un traitement.

    :param traitement: déclaration.
    :param contenu: ses tables et ses colonnes.
    :param cadre: ce que l'instance sait d'elle-même.
    :param reponses: ce que l'établissement et l'académie ont répondu.
    :param vigueur: depuis quand la déclaration est en vigueur.
    """
    sources = _Sources(traitement, contenu, cadre, reponses, vigueur)
    brique = traitement.cle.split(".")[0]
    return FicheTraitement(
        traitement.cle,
        brique,
        cadre.briques.get(brique, brique),
        traitement.intitule,
        traitement.version,
        tuple(
            Rubrique(cle, partie, intitule, _lignes(ecrire(sources)), _provenance(sources, cle, origine))
            for partie, cle, intitule, origine, ecrire in _RUBRIQUES
        ),
    )


def _lignes(valeur: Valeur) -> tuple[str, ...]:
    lignes = (valeur,) if isinstance(valeur, str) else tuple(valeur or ())
    return tuple(ligne for ligne in lignes if ligne)


def _provenance(sources: _Sources, cle: str, origine: Provenance | None) -> Provenance:
    """``None`` : une réponse ; le responsable, lui, se déduit de l'annuaire tant que nul ne répond."""
    if origine is not None:
        return origine
    repondue = sources.reponses.provenances.get(cle)
    if repondue is not None:
        return Provenance.ETABLISSEMENT if repondue else Provenance.ACADEMIE
    return Provenance.INSTANCE if cle == "responsable" else Provenance.ETABLISSEMENT


def _responsable(s: _Sources) -> Iterator[str]:
    cadre = s.cadre
    if s.reponses.responsable:
        yield s.reponses.responsable
    elif cadre.etablissement and cadre.degre == 2:
        yield f"Le chef d'établissement : {cadre.etablissement}"
    elif cadre.etablissement and cadre.degre == 1:
        yield f"L'inspecteur d'académie, directeur académique : {cadre.etablissement}"
    else:
        yield f"Chaque chef d'établissement, pour le sien : {cadre.academie}"
    yield s.reponses.contact or cadre.coordonnees


def _delegue(s: _Sources) -> Iterator[str]:
    if s.reponses.delegue:
        yield s.reponses.delegue
        yield s.reponses.delegue_contact


def _sous_traitant(s: SousTraitantLu) -> str:
    clauses = f", clauses du {jour_court(s.contrat_le)}" if s.contrat_le else ", clauses à joindre"
    return f"{s.nom} : {s.mission} ({s.pays}{clauses})"


def _transferts(s: _Sources) -> Iterable[str]:
    dehors = [x for x in s.reponses.sous_traitants if x.hors_union]
    if not s.reponses.sous_traitants:
        return ()
    return [f"{x.nom} ({x.pays}) : {x.garanties}" for x in dehors] or (
        "Aucun : les sous-traitants déclarés traitent les données dans l'Union européenne",
    )


def _dates(s: _Sources) -> Iterator[str]:
    if s.vigueur:
        yield f"créé le {jour_court(s.vigueur.cree_le)}"
        yield f"dernière modification le {jour_court(s.vigueur.modifie_le)}"


def _externes(s: _Sources) -> Sequence[str]:
    lignes = phrases.destinataires([d for d in s.traitement.destinataires if d.role in phrases.EXTERNES])
    lignes += [phrases.depot(d) for d in s.traitement.depots if d.nature is NatureDepot.SERVICE_TIERS]
    lignes += s.cadre.dehors.get(s.traitement.cle, ())
    return lignes or ["aucun"]


def _techniques(s: _Sources) -> Iterator[str]:
    yield from s.contenu.cloisonnement
    if s.contenu.chiffrees:
        yield f"chiffrement, sous une clé que l'effacement détruit : {', '.join(s.contenu.chiffrees)}"
    if s.cadre.securise:
        yield "connexions chiffrées (HTTPS), en-têtes de sécurité stricts"
    yield "une table ou une colonne qui n'est pas déclarée empêche de démarrer"
    yield "le compte de l'application ne lit rien sans contexte, ce que le démarrage vérifie"


def _acces(s: _Sources) -> Iterator[str]:
    yield f"refus par défaut ; {len({d.role for d in s.traitement.destinataires})} rôles destinataires"
    yield from s.contenu.restreintes
    yield "mots de passe gardés sous une empreinte lente (Argon2), essais freinés"
    yield f"session fermée après {s.cadre.inactivite} minutes sans activité"


def _traces(s: _Sources) -> Iterator[str]:
    yield "les actes d'administration sont écrits au journal : auteur, date, nature, jamais la valeur"
    if s.contenu.ajout_seul:
        yield f"journal que l'application ne peut ni modifier ni vider : {', '.join(s.contenu.ajout_seul)}"


def _droits(s: _Sources) -> Iterator[str]:
    for droit in droits(s.traitement):
        if droit.phrase:
            yield f"{droit.droit} : {'oui' if droit.ouvert else 'non'} ({droit.phrase})"


def _opposition(s: _Sources) -> Iterator[str]:
    opposition = s.traitement.opposition
    if opposition is None:
        yield "aucun effet particulier ; toute demande est instruite et sa réponse motivée"
        return
    yield f"{'ouverte' if opposition.possible else 'non ouverte'} : {opposition.motif}"
    if opposition.papier:
        yield f"voie papier : {opposition.papier}"


def _information(s: _Sources) -> str:
    campagne = s.reponses.campagne
    redonnee = f" ; redonnée le {jour_court(campagne.faite_le)} ({campagne.moyen})" if campagne else ""
    return f"page « Données personnelles », en pied de chaque page de {s.cadre.produit}{redonnee}"


_D, _A, _F, _P = Partie.DESCRIPTION, Partie.ACTEURS, Partie.FINALITES, Partie.DONNEES
_R, _C, _S, _X = Partie.DESTINATAIRES, Partie.CONSERVATION, Partie.SECURITE, Partie.DROITS
_CODE, _DEMANDE = Provenance.CODE, None

_RUBRIQUES: tuple[tuple[Partie, str, str, Provenance | None, _Ecrire], ...] = (
    (_D, "nom", "Nom du traitement", _CODE, lambda s: s.traitement.intitule),
    (_D, "reference", "Référence", _CODE, lambda s: s.traitement.cle),
    (_D, "version", "Version", _CODE, lambda s: f"version {s.traitement.version}"),
    (_D, "dates", "Dates", _CODE, _dates),
    (
        _D, "enregistrements", "Ce qui est enregistré", _CODE,
        lambda s: s.contenu.enregistrements or "rien en base",
    ),
    (_A, "responsable", "Responsable du traitement", _DEMANDE, _responsable),
    (_A, "delegue", "Délégué à la protection des données", _DEMANDE, _delegue),
    (
        _A, "representant", "Représentant dans l'Union européenne", _CODE,
        lambda _: "sans objet : le responsable est établi en France",
    ),
    (_A, "conjoints", "Responsables conjoints", _DEMANDE, lambda s: s.reponses.conjoints),
    (
        _A, "sous_traitants", "Sous-traitants", _DEMANDE,
        lambda s: map(_sous_traitant, s.reponses.sous_traitants),
    ),
    (_F, "finalite", "Finalité principale", _CODE, lambda s: s.traitement.finalite),
    (_F, "sous_finalites", "Sous-finalités", _CODE, lambda s: str(s.traitement.finalite_ent)),
    (_F, "base", "Base légale", _CODE, lambda s: str(s.traitement.base)),
    (_F, "textes", "Textes", _CODE, lambda s: s.traitement.textes),
    (_P, "personnes", "Personnes concernées", _CODE, lambda s: sorted(s.traitement.personnes)),
    (_P, "donnees", "Catégories de données", _CODE, lambda s: s.contenu.lignes() or "aucune en base"),
    (
        _P, "sensibles", "Données sensibles", _CODE,
        lambda s: s.contenu.lignes(sensibles=True) or ["aucune"],
    ),
    (_P, "sources", "Origine des données", _CODE, lambda s: s.traitement.origines),
    (
        _R, "destinataires", "Destinataires et périmètre", _CODE,
        lambda s: phrases.destinataires(s.traitement.destinataires),
    ),
    (_R, "externes", "Destinataires hors de l'établissement", _CODE, _externes),
    (_R, "transferts", "Transferts hors de l'Union européenne", _DEMANDE, _transferts),
    (
        _R, "statistiques", "Statistiques", _CODE,
        lambda s: f"aucun effectif de moins de {s.traitement.seuil} personnes n'est rendu",
    ),
    (_C, "active", "Base active", _CODE, lambda s: phrases.conservation(s.traitement.conservation)),
    (_C, "depart", "Fait qui fait courir la durée", _CODE, lambda s: str(s.traitement.conservation.depart)),
    (
        _C, "intermediaire", "Archive intermédiaire", _CODE,
        lambda s: phrases.intermediaire(s.traitement.conservation),
    ),
    (_C, "sort", "Sort final", _CODE, lambda s: phrases.sort(s.traitement.conservation)),
    (
        _C, "autorite", "Ce qui permet d'éliminer", _CODE,
        lambda s: phrases.autorite(s.traitement.conservation.autorite),
    ),
    (
        _C, "depots", "Autres endroits", _CODE,
        lambda s: [phrases.depot(d) for d in s.traitement.depots] or ["aucun"],
    ),
    (_S, "techniques", "Mesures techniques", _CODE, _techniques),
    (_S, "acces", "Contrôle d'accès", _CODE, _acces),
    (_S, "traces", "Traçabilité", _CODE, _traces),
    (_S, "mesures", "Mesures d'organisation", _DEMANDE, lambda s: s.reponses.mesures.splitlines()),
    (
        _S, "analyse", "Analyse d'impact", _DEMANDE,
        lambda s: f"faite le {jour_court(s.reponses.analyse_le)}" if s.reponses.analyse_le else None,
    ),
    (_X, "droits", "Droits ouverts", _CODE, _droits),
    (_X, "opposition", "Opposition et voie papier", _CODE, _opposition),
    (_X, "information", "Information des personnes", _CODE, _information),
)  # fmt: skip
"""Partie, clé, intitulé, provenance (``None`` : une réponse) et rédaction de chaque rubrique."""
