"""Ce que lit qui reçoit un courriel, un SMS ou un bordereau : qu'il y a à lire, jamais quoi (CARNET-17).

Aucune de ces fonctions ne reçoit de sujet, de nom d'élève ni de lien : elles ne peuvent pas le dire.
"""

from __future__ import annotations

__all__ = ["OBJET", "bordereau", "courriel", "sms"]

OBJET = "Une information est disponible"
_SMS = 160
_REGLER = "Mon compte, Notifications"


def courriel(ecole: str, produit: str, adresse_ent: str, nombre: int) -> str:
    """Corps d'un courriel.

    :param ecole: nom de l'établissement.
    :param produit: nom de l'ENT.
    :param adresse_ent: adresse publique de l'ENT ; vide, elle n'est pas écrite.
    :param nombre: informations à lire.
    """
    lire = "la lire" if nombre == 1 else "les lire"
    ou = f"Connectez-vous pour {lire}."
    if adresse_ent:
        ou = f"Pour {lire} : {adresse_ent.rstrip('/')}/messages"
    return (
        f"Bonjour,\n\n{_combien(nombre)} dans {produit}, de la part de l'établissement {ecole}.\n{ou}\n\n"
        "Pour votre vie privée, ce courriel n'en dit pas plus. N'y répondez pas : personne ne le lirait.\n"
        f"Vous pouvez changer ces rappels, ou les arrêter, dans {produit} : {_REGLER}.\n"
    )


def sms(ecole: str, produit: str, adresse_ent: str, nombre: int) -> str:
    """Texte d'un SMS, d'un seul tenant : le nom de l'établissement est coupé s'il le faut.

    :param ecole: nom de l'établissement.
    :param produit: nom de l'ENT.
    :param adresse_ent: adresse publique de l'ENT ; vide, elle n'est pas écrite.
    :param nombre: informations à lire.
    """
    suite = f" : {_combien(nombre)[0].lower()}{_combien(nombre)[1:]} dans {produit}."
    ou = f" {adresse_ent.rstrip('/')}/messages" if adresse_ent else ""
    place = _SMS - len(suite) - len(ou)
    return f"{ecole if len(ecole) <= place else ecole[: place - 1] + '…'}{suite}{ou}"


def bordereau(nombre: int) -> str:
    """Phrase d'un bordereau remis sur papier.

    :param nombre: informations à lire.
    """
    a_qui = "la" if nombre == 1 else "les"
    return (
        f"{_combien(nombre)} à l'établissement. Vous pouvez {a_qui} demander sur papier, à la vie scolaire ou"
        " au secrétariat, sans avoir à vous justifier."
    )


def _combien(nombre: int) -> str:
    if nombre == 1:
        return "Une information vous attend"
    return f"{nombre} informations vous attendent"
