; (array): a tensor over an ndarray that owns its bytes, or over a view of such a one.
define ptr @from_array(ptr %self, ptr %args, i64 %count) {
start:
  %array = load ptr, ptr %args
  %class = call ptr @field(ptr %array, i64 $class)
  %exact = icmp eq ptr %class, $ndarray
  br i1 %exact, label %describe, label %nothing
describe:  ; dtype, shape and strides as bytes are what the layout is known by
  %dtype = call ptr @field(ptr %array, i64 $array_dtype)
  %shape = call ptr @field(ptr %array, i64 $array_shape)
  %strides = call ptr @field(ptr %array, i64 $array_strides)
  %dims.at = getelementptr i8, ptr %array, i64 $array_ndim
  %dims.32 = load i32, ptr %dims.at
  %dims = sext i32 %dims.32 to i64
  %shape.nbytes = mul i64 %dims, 8
  %both.nbytes = mul i64 %dims, 16
  %key.nbytes = add i64 %both.nbytes, 8
  %key = call ptr $PyBytes_FromStringAndSize(ptr null, i64 %key.nbytes)
  %no.key = icmp eq ptr %key, null
  br i1 %no.key, label %nothing, label %write
write:
  %key.dtype = getelementptr i8, ptr %key, i64 $bytes
  store ptr %dtype, ptr %key.dtype
  %key.shape = getelementptr i8, ptr %key.dtype, i64 8
  call void @llvm.memcpy.p0.p0.i64(ptr %key.shape, ptr %shape, i64 %shape.nbytes, i1 0)
  %key.strides = getelementptr i8, ptr %key.shape, i64 %shape.nbytes
  call void @llvm.memcpy.p0.p0.i64(ptr %key.strides, ptr %strides, i64 %shape.nbytes, i1 0)
  %known = call ptr $PyDict_GetItemWithError(ptr $layouts, ptr %key)
  call void $Py_DecRef(ptr %key)
  %unknown = icmp eq ptr %known, null
  br i1 %unknown, label %nothing, label %read
read:
  %form = call ptr @field(ptr %known, i64 $first_item)
  %facts = call ptr @field(ptr %known, i64 $second_item)
  %low.at = getelementptr i8, ptr %facts, i64 $bytes
  %high.at = getelementptr i64, ptr %low.at, i64 1
  %size.at = getelementptr i64, ptr %low.at, i64 2
  %low = load i64, ptr %low.at
  %high = load i64, ptr %high.at
  %size = load i64, ptr %size.at
  %mask = sub i64 %size, 1
  %address.at = getelementptr i8, ptr %array, i64 $array_data
  %address = load i64, ptr %address.at
  %flags.at = getelementptr i8, ptr %array, i64 $array_flags
  %flags = load i32, ptr %flags.at
  call void $Py_IncRef(ptr %form)  ; the table may change
  %base = call ptr @field(ptr %array, i64 $array_base)
  %own = icmp eq ptr %base, null
  br i1 %own, label %plain, label %part
plain:
  %plain.bits = and i32 %flags, $plain
  %plain.all = icmp eq i32 %plain.bits, $plain
  %plain.low = icmp eq i64 %low, 0
  %plain.high = icmp sgt i64 %high, 0
  %plain.past = and i64 %address, %mask
  %plain.even = icmp eq i64 %plain.past, 0
  %plain.1 = and i1 %plain.all, %plain.low
  %plain.2 = and i1 %plain.high, %plain.even
  %plain.3 = and i1 %plain.1, %plain.2
  br i1 %plain.3, label %over, label %release
part:
  %base.class = call ptr @field(ptr %base, i64 $class)
  %base.exact = icmp eq ptr %base.class, $ndarray
  br i1 %base.exact, label %part.look, label %release
part.look:
  %base.base = call ptr @field(ptr %base, i64 $array_base)
  %base.own = icmp eq ptr %base.base, null
  %base.dtype = call ptr @field(ptr %base, i64 $array_dtype)
  %base.same = icmp eq ptr %base.dtype, %dtype
  %base.flags.at = getelementptr i8, ptr %base, i64 $array_flags
  %base.flags = load i32, ptr %base.flags.at
  %base.bits = and i32 %base.flags, $plain
  %base.plain = icmp eq i32 %base.bits, $plain
  %base.pieces = and i32 %base.flags, $in_one_piece
  %base.whole = icmp ne i32 %base.pieces, 0
  %writeable.bits = and i32 %flags, $writeable
  %writeable = icmp ne i32 %writeable.bits, 0
  %some = icmp ne i64 %low, %high
  %base.start.at = getelementptr i8, ptr %base, i64 $array_data
  %base.start = load i64, ptr %base.start.at
  %either = or i64 %base.start, %address
  %past = and i64 %either, %mask
  %even = icmp eq i64 %past, 0
  %part.1 = and i1 %base.own, %base.same
  %part.2 = and i1 %base.plain, %base.whole
  %part.3 = and i1 %writeable, %some
  %part.4 = and i1 %part.1, %part.2
  %part.5 = and i1 %part.3, %even
  %part.6 = and i1 %part.4, %part.5
  br i1 %part.6, label %measure, label %release
measure:
  %base.dims.at = getelementptr i8, ptr %base, i64 $array_ndim
  %base.dims.32 = load i32, ptr %base.dims.at
  %base.dims = sext i32 %base.dims.32 to i64
  %base.shape = call ptr @field(ptr %base, i64 $array_shape)
  br label %product
product:
  %i = phi i64 [0, %measure], [%i.next, %multiply]
  %base.nbytes = phi i64 [%size, %measure], [%base.nbytes.next, %multiply]
  %more = icmp slt i64 %i, %base.dims
  br i1 %more, label %multiply, label %over
multiply:
  %length.at = getelementptr i64, ptr %base.shape, i64 %i
  %length = load i64, ptr %length.at
  %base.nbytes.next = mul i64 %base.nbytes, %length
  %i.next = add i64 %i, 1
  br label %product
over:
  %from = phi i64 [%address, %plain], [%base.start, %product]
  %nbytes = phi i64 [%high, %plain], [%base.nbytes, %product]
  %distance = sub i64 %address, %from
  %offset = sdiv i64 %distance, %size
  %tensor = call ptr @tensor_over(i64 %from, i64 %nbytes, ptr %array, ptr %form, i64 %address, i64 %offset)
  call void $Py_DecRef(ptr %form)
  ret ptr %tensor
release:
  call void $Py_DecRef(ptr %form)
  br label %nothing
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
