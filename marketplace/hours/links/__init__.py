"""Trade with outside banks over HTTP: how a partner is reached and believed, and who may do what."""
