// What some kernel has defined before it includes a header of the library. Each of them breaks
// the compilation wherever it is expanded.
#define min kernel_macro_min @
#define max kernel_macro_max @
#define BIT kernel_macro_BIT @
#define panic kernel_macro_panic @
#define assert kernel_macro_assert @
#define status kernel_macro_status @
#define __packed kernel_macro_packed @
