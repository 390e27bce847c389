;; Walks the blocks of a sequential JPEG's entropy-coded data, code by code (entropy.ts says what for).
;;
;; The data lies at $data, without its stuffed zeroes; 512 bytes behind its end are zeroes. At $blocks there are three addresses for each
;; block of an MCU: `single` of its DC table, `several` and `single` of its AC table (code-tables.ts).
(module
  (memory (export "memory") 1)
  ;; Where the walk stands: the next bit of the data, the blocks of this MCU that are done, the MCUs that are left to do.
  (global $bit (export "bit") (mut i32) (i32.const 0))
  (global $block (export "block") (mut i32) (i32.const 0))
  (global $units (export "units") (mut i32) (i32.const 0))
  ;; Set when the walk came to read behind the end: then everything is zeroes, wherever it is read.
  (global $over (export "over") (mut i32) (i32.const 0))

  ;; 64 bits from a bit on, of which the first 57 are the data's.
  (func $window (param $data i32) (param $bit i32) (result i64)
    (i64.shl
      (i64x2.extract_lane 0
        (i8x16.swizzle
          (v128.load64_zero align=1 (i32.add (local.get $data) (i32.shr_u (local.get $bit) (i32.const 3))))
          (v128.const i8x16 7 6 5 4 3 2 1 0 -1 -1 -1 -1 -1 -1 -1 -1)))
      (i64.extend_i32_u (i32.and (local.get $bit) (i32.const 7)))))

  ;; Goes on until all is done, something is wrong, or a block ends behind $limit (in bits).
  ;; $last: the data ends there; otherwise more can be had, and the walk can go on from where it stands.
  ;; Result: 0 done or more wanted (then $units is not 0), 1 a code that does not exist, 2 a block too long, 3 the data ends too early.
  (func (export "walk") (param $data i32) (param $limit i32) (param $last i32) (param $blocks i32) (param $perUnit i32) (result i32)
    (local $bit i32)
    (local $block i32)
    (local $units i32)
    (local $tables i32)
    (local $several i32)
    (local $single i32)
    (local $coefficient i32)
    (local $reached i32)
    (local $entry i32)
    (local $used i32)
    (local $size i32)
    (local $window i64)
    (local.set $bit (global.get $bit))
    (local.set $block (global.get $block))
    (local.set $units (global.get $units))
    (loop $next
      (block $enough
        (br_if $enough (i32.eqz (local.get $units)))
        (if (i32.gt_u (local.get $bit) (local.get $limit))
          (then
            (br_if $enough (i32.eqz (local.get $last)))
            (global.set $over (i32.const 1))
            (local.set $bit (i32.add (local.get $limit) (i32.const 8)))))
        (local.set $tables (i32.add (local.get $blocks) (i32.mul (local.get $block) (i32.const 12))))
        (local.set $several (i32.load offset=4 (local.get $tables)))
        (local.set $single (i32.load offset=8 (local.get $tables)))

        ;; DC: one code, up to 11 bits of value
        (local.set $window (call $window (local.get $data) (local.get $bit)))
        (local.set $entry (i32.load16_u (i32.add (i32.load (local.get $tables)) (i32.shl (i32.wrap_i64 (i64.shr_u (local.get $window) (i64.const 48))) (i32.const 1)))))
        (local.set $size (i32.shr_u (local.get $entry) (i32.const 8)))
        (if (i32.or (i32.eqz (local.get $entry)) (i32.gt_u (local.get $size) (i32.const 11))) (then (return (i32.const 1))))
        (local.set $used (i32.add (i32.and (local.get $entry) (i32.const 255)) (local.get $size)))
        (local.set $window (i64.shl (local.get $window) (i64.extend_i32_u (local.get $used))))

        ;; AC: $used bits of the 57 are used up
        (local.set $coefficient (i32.const 1))
        (block $ended
          (loop $code
            (if (i32.gt_u (local.get $used) (i32.const 44)) ;; 13 more are needed
              (then
                (local.set $bit (i32.add (local.get $bit) (local.get $used)))
                (local.set $used (i32.const 0))
                (local.set $window (call $window (local.get $data) (local.get $bit)))))
            (local.set $entry (i32.load16_u (i32.add (local.get $several) (i32.shl (i32.wrap_i64 (i64.shr_u (local.get $window) (i64.const 51))) (i32.const 1)))))
            (local.set $reached (i32.add (local.get $coefficient) (i32.and (i32.shr_u (local.get $entry) (i32.const 5)) (i32.const 127))))
            ;; together only within the block: its 63rd coefficient ends it without a code
            (if (i32.and (i32.ne (local.get $entry) (i32.const 0)) (i32.lt_u (i32.add (local.get $reached) (i32.ge_u (local.get $entry) (i32.const 4096))) (i32.const 65)))
              (then
                (local.set $size (i32.and (local.get $entry) (i32.const 31)))
                (local.set $used (i32.add (local.get $used) (local.get $size)))
                (br_if $ended (i32.ge_u (local.get $entry) (i32.const 4096)))
                (local.set $window (i64.shl (local.get $window) (i64.extend_i32_u (local.get $size))))
                (br_if $ended (i32.ge_u (local.tee $coefficient (local.get $reached)) (i32.const 64)))
                (br $code)))

            ;; one code, up to 16 bits of it and 15 of value
            (local.set $bit (i32.add (local.get $bit) (local.get $used)))
            (local.set $used (i32.const 0))
            (local.set $window (call $window (local.get $data) (local.get $bit)))
            (local.set $entry (i32.load16_u (i32.add (local.get $single) (i32.shl (i32.wrap_i64 (i64.shr_u (local.get $window) (i64.const 48))) (i32.const 1)))))
            (if (i32.eqz (local.get $entry)) (then (return (i32.const 1))))
            (local.set $size (i32.and (i32.shr_u (local.get $entry) (i32.const 8)) (i32.const 15)))
            (local.set $used (i32.add (i32.and (local.get $entry) (i32.const 255)) (local.get $size)))
            (local.set $window (i64.shl (local.get $window) (i64.extend_i32_u (local.get $used))))
            (if (local.get $size)
              (then (local.set $coefficient (i32.add (local.get $coefficient) (i32.add (i32.shr_u (local.get $entry) (i32.const 12)) (i32.const 1)))))
              (else
                (br_if $ended (i32.ne (i32.shr_u (local.get $entry) (i32.const 8)) (i32.const 0xf0)))
                (local.set $coefficient (i32.add (local.get $coefficient) (i32.const 16)))))
            (if (i32.gt_u (local.get $coefficient) (i32.const 64)) (then (return (i32.const 2))))
            (br_if $code (i32.lt_u (local.get $coefficient) (i32.const 64)))))
        (local.set $bit (i32.add (local.get $bit) (local.get $used)))

        (local.set $block (i32.add (local.get $block) (i32.const 1)))
        (if (i32.eq (local.get $block) (local.get $perUnit))
          (then
            (if (i32.and (local.get $last) (i32.or (global.get $over) (i32.gt_u (local.get $bit) (local.get $limit)))) (then (return (i32.const 3))))
            (local.set $block (i32.const 0))
            (local.set $units (i32.sub (local.get $units) (i32.const 1)))))
        (br $next)))
    (global.set $bit (local.get $bit))
    (global.set $block (local.get $block))
    (global.set $units (local.get $units))
    (i32.const 0)))
