"""Les bancs : chaque figure est un rapport à un étalon nu, mesuré dans la même série, entrelacé."""
