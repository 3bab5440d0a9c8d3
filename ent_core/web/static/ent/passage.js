/* Confort seulement : sans ce fichier, le bouton « Continuer » fait la même chose. */
document.querySelector("form[data-passage]")?.submit();
