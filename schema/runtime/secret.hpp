#pragma once
// Moved: the type is a word that every layer shares.
#include "schema/secret.hpp"
