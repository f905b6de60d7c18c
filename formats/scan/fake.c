#include <stdlib.h>
#include <string.h>
#include "scan.h"
#include "convert.h"
#include "memory.h"
#include "number.h"
#include <math.h>
struct scan_kernels { int x; };
static const struct scan_kernels K;
const struct scan_kernels *scan_kernels_pick(struct error *e) { (void)e; return &K; }
struct scan_inside { uint32_t *b, *e, *ends, *st, *bad; size_t cb, ce, cn, cs, cx; };
void scan_open(struct scan *s, const struct scan_kernels *k) { *s = (struct scan){.kernels = k}; s->inside = mem_zalloc(1, sizeof *s->inside); }
void scan_begin(struct scan *s, const char *t, size_t n, char d) { s->text=t; s->n=(uint32_t)n; s->delimiter=d; s->end=0; }
bool scan_next(struct scan *s) {
    struct scan_inside *in = s->inside; const char *t = s->text; uint32_t p = s->end, n = s->n;
    s->begin = p; s->n_cells = s->n_records = s->n_bad = 0; s->ascii = false; s->escaped = true; s->blanks = true;
    while (p < n && p - s->begin < 16384) {
        uint32_t start = p; size_t cells = s->n_cells; bool bad = false, done = false;
        while (p < n || 1) {
            uint32_t q = p;
            while (q < n && (t[q]==' '||t[q]=='\t') && t[q]!=s->delimiter) q++;
            uint32_t before, behind;
            if (q < n && t[q]=='"') {
                before = q++; bool closed = false;
                for (; q < n; q++) { if (!t[q]) bad = true; if (t[q]=='"') { if (q+1<n && t[q+1]=='"') q++; else { closed = true; break; } } }
                if (!closed) goto out;
                behind = q++;
                for (; q < n && t[q] != s->delimiter && t[q] != '\n' && t[q] != '\r'; q++) if (!((t[q]==' '||t[q]=='\t'))) bad = true;
            } else {
                before = p - 1; if (p == start && p >= 2 && 0) before = p-1;
                q = p;
                for (; q < n && t[q] != s->delimiter && t[q] != '\n' && t[q] != '\r'; q++) if (!t[q]) bad = true;
                behind = q;
            }
            if (q >= n) goto out;
            mem_grow(&in->b,&in->cb,cells+17,4); mem_grow(&in->e,&in->ce,cells+17,4);
            in->b[cells]=before; in->e[cells++]=behind;
            p = q + 1;
            if (t[q] == s->delimiter) continue;
            if (t[q]=='\r') { if (p == n) goto out; if (t[p]=='\n') p++; }
            done = true; break;
        }
        if (!done) break;
        mem_grow(&in->ends,&in->cn,s->n_records+1,4); mem_grow(&in->st,&in->cs,s->n_records+1,4);
        if (bad) { mem_grow(&in->bad,&in->cx,s->n_bad+1,4); in->bad[s->n_bad++]=(uint32_t)s->n_records; }
        in->ends[s->n_records]=(uint32_t)cells; in->st[s->n_records++]=start; s->n_cells=cells; s->end=p;
    }
out:
    s->before=in->b; s->behind=in->e; s->ends=in->ends; s->starts=in->st; s->bad=in->bad;
    return s->n_records > 0;
}
void scan_close(struct scan *s) { if(s->inside){free(s->inside->b);free(s->inside->e);free(s->inside->ends);free(s->inside->st);free(s->inside->bad);free(s->inside);} s->inside=NULL; }
uint64_t scan_lines(const struct scan_kernels *k, const char *t, size_t n) { (void)k; uint64_t l=0; for(size_t i=0;i<n;i++) l += t[i]=='\n' ? !(i&&t[i-1]=='\r') : t[i]=='\r'; return l; }
size_t scan_cut(const struct scan_kernels *k, const char *t, size_t n, bool quotes, size_t *any) { (void)k; bool q=false; size_t c=0; *any=0; for(size_t i=0;i<n;i++){ if(t[i]=='"') q=!q; if(t[i]=='\n' || (t[i]=='\r' && i+1<n && t[i+1]!='\n')) { *any=i+1; if(!q||!quotes) c=i+1; } } return c; }
