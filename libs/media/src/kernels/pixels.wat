;; What similarity.ts does to every pixel, sixteen or eight at a time (SIMD, ISA of WebAssembly 2.0). All sums are of integers and exact:
;; nothing here rounds otherwise than the plain loops of ms-ssim.spec.ts do.
;;
;; Memory belongs to the caller, who copies strips of a picture in and out. Every function works on whole vectors: it may read up to 63
;; bytes behind its input and write up to 15 behind its output.
(module
  (memory (export "memory") 1)

  ;; Luma of interleaved pixels of 3 or 4 bytes: (19595 R + 38470 G + 7471 B + 32768) >> 16. A factor has to fit into 16 bits with sign, so
  ;; that green is taken in two halves: (R, G) · (19595, 19235) + (G, B) · (19235, 7471).
  (func (export "luma") (param $from i32) (param $to i32) (param $count i32) (param $channels i32)
    (local $end i32)
    (local $step i32)
    (local $pairs v128) ;; which bytes of four pixels are (R, G), each widened to 16 bits: an index with its top bit set gives 0
    (local $others v128) ;; and which are (G, B)
    (local $redGreen v128)
    (local $greenBlue v128)
    (local $rounding v128)
    (local $pixels v128)
    (local $first v128)
    (local $second v128)
    (local $third v128)
    (local $fourth v128)
    (if (i32.eq (local.get $channels) (i32.const 3))
      (then
        (local.set $pairs (v128.const i8x16 0 -1 1 -1 3 -1 4 -1 6 -1 7 -1 9 -1 10 -1))
        (local.set $others (v128.const i8x16 1 -1 2 -1 4 -1 5 -1 7 -1 8 -1 10 -1 11 -1)))
      (else
        (local.set $pairs (v128.const i8x16 0 -1 1 -1 4 -1 5 -1 8 -1 9 -1 12 -1 13 -1))
        (local.set $others (v128.const i8x16 1 -1 2 -1 5 -1 6 -1 9 -1 10 -1 13 -1 14 -1))))
    (local.set $redGreen (v128.const i16x8 19595 19235 19595 19235 19595 19235 19595 19235))
    (local.set $greenBlue (v128.const i16x8 19235 7471 19235 7471 19235 7471 19235 7471))
    (local.set $rounding (v128.const i32x4 32768 32768 32768 32768))
    (local.set $step (i32.shl (local.get $channels) (i32.const 2)))
    (local.set $end (i32.add (local.get $to) (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (local.get $end)))
        (local.set $pixels (v128.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $first
          (i32x4.shr_u
            (i32x4.add
              (i32x4.add
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $pairs)) (local.get $redGreen))
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $others)) (local.get $greenBlue)))
              (local.get $rounding))
            (i32.const 16)))
        (local.set $pixels (v128.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $second
          (i32x4.shr_u
            (i32x4.add
              (i32x4.add
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $pairs)) (local.get $redGreen))
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $others)) (local.get $greenBlue)))
              (local.get $rounding))
            (i32.const 16)))
        (local.set $pixels (v128.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $third
          (i32x4.shr_u
            (i32x4.add
              (i32x4.add
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $pairs)) (local.get $redGreen))
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $others)) (local.get $greenBlue)))
              (local.get $rounding))
            (i32.const 16)))
        (local.set $pixels (v128.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $fourth
          (i32x4.shr_u
            (i32x4.add
              (i32x4.add
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $pairs)) (local.get $redGreen))
                (i32x4.dot_i16x8_s (i8x16.swizzle (local.get $pixels) (local.get $others)) (local.get $greenBlue)))
              (local.get $rounding))
            (i32.const 16)))
        (v128.store align=1 (local.get $to)
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s (local.get $first) (local.get $second))
            (i16x8.narrow_i32x4_s (local.get $third) (local.get $fourth))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $next))))

  ;; Two sums of neighbours in each row, both rows together: eight sums of four pixels.
  (func $quads (param $at i32) (param $width i32) (result v128)
    (i16x8.shr_u
      (i16x8.add
        (i16x8.add
          (i16x8.extadd_pairwise_i8x16_u (v128.load align=1 (local.get $at)))
          (i16x8.extadd_pairwise_i8x16_u (v128.load align=1 (i32.add (local.get $at) (local.get $width)))))
        (v128.const i16x8 2 2 2 2 2 2 2 2))
      (i32.const 2)))

  ;; Half the width and height of $rows × 2 rows of $width bytes: the mean of four pixels each, halves upwards. An odd last column is left out.
  (func (export "halve") (param $from i32) (param $width i32) (param $rows i32) (param $to i32)
    (local $half i32)
    (local $at i32)
    (local $put i32)
    (local $end i32)
    (local.set $half (i32.shr_u (local.get $width) (i32.const 1)))
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $at (local.get $from))
        (local.set $put (local.get $to))
        (local.set $end (i32.add (local.get $to) (local.get $half)))
        (loop $next
          (v128.store align=1 (local.get $put)
            (i8x16.narrow_i16x8_u (call $quads (local.get $at) (local.get $width)) (call $quads (i32.add (local.get $at) (i32.const 16)) (local.get $width))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $put (i32.add (local.get $put) (i32.const 16)))
          (br_if $next (i32.lt_u (local.get $put) (local.get $end))))
        ;; what was written behind the row is written over by the next
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $width) (i32.const 1))))
        (local.set $to (local.get $end))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row))))

  ;; Of $count squares of 8 × 8 pixels side by side, in two pictures whose rows have $width bytes: four numbers of 32 bits each, the sum of
  ;; the one, the sum of the other, the sum of all squared, the sum of the products.
  (func (export "squares") (param $a i32) (param $b i32) (param $width i32) (param $count i32) (param $to i32)
    (local $left i32)
    (local $atA i32)
    (local $atB i32)
    (local $p v128)
    (local $q v128)
    (local $sumA v128)
    (local $sumB v128)
    (local $powers v128)
    (local $products v128)
    (block $done
      (loop $square
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $atA (local.get $a))
        (local.set $atB (local.get $b))
        (local.set $sumA (v128.const i64x2 0 0))
        (local.set $sumB (v128.const i64x2 0 0))
        (local.set $powers (v128.const i64x2 0 0))
        (local.set $products (v128.const i64x2 0 0))
        (local.set $left (i32.const 8))
        (loop $line
          (local.set $p (v128.load8x8_u align=1 (local.get $atA)))
          (local.set $q (v128.load8x8_u align=1 (local.get $atB)))
          (local.set $sumA (i16x8.add (local.get $sumA) (local.get $p)))
          (local.set $sumB (i16x8.add (local.get $sumB) (local.get $q)))
          (local.set $powers (i32x4.add (local.get $powers) (i32x4.add (i32x4.dot_i16x8_s (local.get $p) (local.get $p)) (i32x4.dot_i16x8_s (local.get $q) (local.get $q)))))
          (local.set $products (i32x4.add (local.get $products) (i32x4.dot_i16x8_s (local.get $p) (local.get $q))))
          (local.set $atA (i32.add (local.get $atA) (local.get $width)))
          (local.set $atB (i32.add (local.get $atB) (local.get $width)))
          (br_if $line (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        ;; four vectors become one of their sums: both halves of each, crosswise, twice
        (local.set $sumA (i32x4.extadd_pairwise_i16x8_u (local.get $sumA)))
        (local.set $sumB (i32x4.extadd_pairwise_i16x8_u (local.get $sumB)))
        (local.set $p (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $sumA) (local.get $sumB))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $sumA) (local.get $sumB))))
        (local.set $q (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $powers) (local.get $products))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $powers) (local.get $products))))
        (v128.store align=1 (local.get $to) (i32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $p) (local.get $q))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $p) (local.get $q))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $square)))))
