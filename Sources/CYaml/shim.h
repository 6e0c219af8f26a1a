// The system's libyaml (Debian: libyaml-dev). https://pyyaml.org/wiki/LibYAML
#include <yaml.h>
