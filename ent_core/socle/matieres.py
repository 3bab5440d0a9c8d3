"""Le nom d'une matière, lisible : le fichier national les donne en capitales et sans accent.

La donnée reste celle du fichier ; seul ce qui se montre change. Un mot accentué est de la liste, ou perd ses
capitales sans en gagner : un accent ne s'invente pas. Un libellé déjà en minuscules est celui de quelqu'un.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["matiere_lisible"]

_ACCENTUES = """
à accès activités aéronef aéronefs âge appliqué appliquée appliquées appliqués après arménien assistée
bâtiment bibliothèque chorégraphie cinéma cinématographie clientèle clientèles commercialisée compétence
compétences complément comptabilité contrôle créatif création créole débat débutant décision découverte
défense délégué déléguées démarche dépannage développement diététique dirigées éco écologie économie
économique économiques écrite éducatif éducation élaboration électricité électronique électrotechnique
éléments encadrés énergétique énergie entraînement épreuve équipement équitation espéranto esthétique
étrangère étrangères étude études européenne expérimentale exploitée forêt français française françaises
général générale génétique génie géo géographie géologie géopolitique grèce gréco hébergement hébreu
hôtelière hôtellerie humanités hygiène individualisé individualisée ingénierie ingénieur itinéraire
itinéraires journée leçons législation libertés littéraire littérature matériaux matériel matériels
mathématique mathématiques mécanique médiation médical médicale médicales médico ménager métallique
métalliques méthode méthodes méthodologie méthodologique méthodologiques métier métiers métrologie
modélisation moléculaire monétaire néerlandais négociation norvégien numérique numériques océan opératives
orthopédie œuvre œuvres particulière pédagogie pédagogique période personnalisé personnalisée poésie pôle
prépa préparation préparatoire présentation prévention procédé procédés propriété protéines provençal
qualité réalisation réception récit rédaction réflexion région régional régionale régulation renforcé
renforcée représentation réseau réseaux responsabilité santé scène scénique schéma schémas sécurité série
société sociétés spécialisé spécialisée spécialité spécialités stratégie structurée suédois synthèse système
systèmes théâtre théorie théorique tracé unité université végétale vérification vidéo
""".split()
_SIGLES = frozenset(
    "bia bts cdi cfg cpge dgemc dnl edd emc emi ens epi eps esf hggsp hlp lca llce llcer lsf lv lv1 lv2 "
    "lv3 lva lvb lve mpsi ndrc nsi pcsi pfmp ppcp pse psi segpa ses si sio snt sti2d stl stmg ssi svt "
    "tice tp tpe ulis upe2a vtt 2d 3d".split()
)
_MOT = re.compile(r"[^\W_]+")


def _sans_accent(mot: str) -> str:
    return mot.translate(_NUS).replace("œ", "oe")


_NUS = str.maketrans("àâçèéêëîïôöùûü", "aaceeeeiioouuu")
_ACCENTS: Mapping[str, str] = {_sans_accent(mot): mot for mot in _ACCENTUES}


@lru_cache(maxsize=4096)
def matiere_lisible(libelle: str) -> str:
    """« Mathématiques » pour « MATHEMATIQUES », « Anglais LV1 » pour « ANGLAIS LV1 ».

    :param libelle: libellé de la nomenclature nationale, ou celui que quelqu'un a écrit : il est alors rendu
        tel quel.
    """
    if not libelle.isupper():
        return libelle
    dit = _MOT.sub(_mot, libelle)
    return dit[:1].upper() + dit[1:]


def _mot(trouve: re.Match[str]) -> str:
    mot = trouve[0].lower()
    return trouve[0] if mot in _SIGLES else _ACCENTS.get(mot, mot)
