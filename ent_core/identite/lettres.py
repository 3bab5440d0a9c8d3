"""Les lettres d'activation : une page par personne, pliable : l'identifiant, le code, un carré à scanner.

L'adresse scannée porte l'identifiant et le code dans son fragment : le navigateur ne l'envoie ni au serveur,
ni à ses journaux, ni à la page suivante.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from urllib.parse import urlencode

import segno

from ent_core.identite.codes import FicheActivation
from ent_core.identite.courrier import Expediteur
from ent_core.papier.impression import imprimer
from ent_core.socle.dates import jour_long

__all__ = ["adresse_a_scanner", "carre", "lettres_pdf"]

_SECONDES = 60.0


def lettres_pdf(
    fiches: Sequence[FicheActivation],
    expediteur: Expediteur,
    *,
    produit: str,
    adresse: str = "",
    pour: str = "",
    delegue: str = "",
) -> bytes:
    """Compose les lettres, précédées de la liste de remise s'il y en a plusieurs.

    :param fiches: ce qui vient d'être émis ; rien d'autre ne sait les codes.
    :param expediteur: l'établissement.
    :param produit: nom de l'ENT.
    :param adresse: adresse publique de l'ENT ; vide, la lettre n'a pas de carré à scanner.
    :param pour: classe ou profil, en tête de la liste de remise.
    :param delegue: délégué à la protection des données, et comment le joindre.
    :raises DocumentImpossible: la composition a échoué ; l'appelant annule l'émission.
    """
    return imprimer(
        "ent_core/activation",
        {
            "titre": "Lettres d'activation" if len(fiches) > 1 else "Lettre d'activation",
            "produit": produit,
            "adresse": adresse,
            "expediteur": {"nom": expediteur.nom, "lignes": expediteur.lignes},
            "pour": f"{pour} :" if pour else "",
            "delegue": delegue,
            "lettres": [_lettre(fiche, adresse) for fiche in fiches],
        },
        secondes=_SECONDES,
    )


def adresse_a_scanner(adresse: str, fiche: FicheActivation) -> str:
    """Adresse qui ouvre la page d'activation, déjà remplie.

    :param adresse: adresse publique de l'ENT.
    :param fiche: fiche d'une personne.
    """
    porte = urlencode({"identifiant": fiche.identifiant, "code": fiche.code})
    return f"{adresse.rstrip('/')}/activation#{porte}"


def carre(texte: str) -> str:
    """Image SVG d'un texte à scanner.

    :param texte: adresse.
    """
    image = BytesIO()
    segno.make_qr(texte, error="m").save(image, kind="svg", xmldecl=False, nl=False, border=2)
    return image.getvalue().decode()


def _lettre(fiche: FicheActivation, adresse: str) -> dict[str, object]:
    return {
        "nom": f"{fiche.prenom or ''} {fiche.nom}".strip(),
        "precision": [],
        "identifiant": fiche.identifiant,
        "code": fiche.code,
        "qr": carre(adresse_a_scanner(adresse, fiche)) if adresse else "",
        "jusqu_au": f"{jour_long(fiche.expire_le)} {fiche.expire_le.year}",
    }
