/* The one place where versions are written down; the Makefile reads CL_VERSION from here. */
#ifndef CL_VERSION_H
#define CL_VERSION_H

#define CL_VERSION "0.1.0"

/* `cl` of the table and model frames (cl-frames.5), and `numerics` of a checkpoint. Dear to change. */
enum { CL_FORMAT = 1, CL_NUMERICS = 1 };

#endif
