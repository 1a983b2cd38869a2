@name = internal constant [19 x i8] c"dltensor_versioned\00"

; Frees what a capsule holds that nobody has consumed.
define internal void @free(ptr %capsule) {
  %managed = call ptr $PyCapsule_GetPointer(ptr %capsule, ptr @name)
  %consumed = icmp eq ptr %managed, null
  br i1 %consumed, label %clear, label %look
clear:
  call void $PyErr_Clear()
  ret void
look:
  %deleter = call ptr @field(ptr %managed, i64 16)
  %none = icmp eq ptr %deleter, null
  br i1 %none, label %done, label %delete
delete:
  call void %deleter(ptr %managed)
  br label %done
done:
  ret void
}

; (object, address of a function): the capsule that the function of DLPack's exchange table makes of the object, and the
; head of what is in it, 80 bytes of `DLManagedTensorVersioned`, with shape and strides behind them.
define ptr @from_exchange(ptr %self, ptr %args, i64 %count) {
  %place = alloca ptr
  store ptr null, ptr %place
  %object = load ptr, ptr %args
  %function.object = call ptr @field(ptr %args, i64 8)
  %function.address = call i64 $PyLong_AsLongLong(ptr %function.object)
  %function = inttoptr i64 %function.address to ptr
  %status = call i32 %function(ptr %object, ptr %place)
  %managed = load ptr, ptr %place
  %refused = icmp ne i32 %status, 0
  %empty = icmp eq ptr %managed, null
  %no = or i1 %refused, %empty
  br i1 %no, label %nothing, label %wrap
wrap:
  %capsule = call ptr $PyCapsule_New(ptr %managed, ptr @name, ptr @free)
  %no.capsule = icmp eq ptr %capsule, null
  br i1 %no.capsule, label %nothing, label %measure
measure:
  %dims.at = getelementptr i8, ptr %managed, i64 48
  %dims.32 = load i32, ptr %dims.at
  %dims = sext i32 %dims.32 to i64
  %shape.nbytes = mul i64 %dims, 8
  %both.nbytes = mul i64 %dims, 16
  %nbytes = add i64 %both.nbytes, 80
  %shape = call ptr @field(ptr %managed, i64 56)
  %strides = call ptr @field(ptr %managed, i64 64)
  %strideless = icmp eq ptr %strides, null
  %scalar = icmp eq i64 %dims, 0
  %told = xor i1 %strideless, true
  %fine = or i1 %scalar, %told
  br i1 %fine, label %copy, label %release
copy:
  %head = call ptr $PyBytes_FromStringAndSize(ptr null, i64 %nbytes)
  %no.head = icmp eq ptr %head, null
  br i1 %no.head, label %release, label %write
write:
  %to = getelementptr i8, ptr %head, i64 $bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %managed, i64 80, i1 0)
  %to.shape = getelementptr i8, ptr %to, i64 80
  call void @llvm.memcpy.p0.p0.i64(ptr %to.shape, ptr %shape, i64 %shape.nbytes, i1 0)
  %to.strides = getelementptr i8, ptr %to.shape, i64 %shape.nbytes
  call void @llvm.memcpy.p0.p0.i64(ptr %to.strides, ptr %strides, i64 %shape.nbytes, i1 0)
  %pair = call ptr $PyTuple_New(i64 2)
  %no.pair = icmp eq ptr %pair, null
  br i1 %no.pair, label %release.head, label %done
done:
  %pair.0 = getelementptr i8, ptr %pair, i64 $first_item
  store ptr %capsule, ptr %pair.0
  %pair.1 = getelementptr i8, ptr %pair, i64 $second_item
  store ptr %head, ptr %pair.1
  ret ptr %pair
release.head:
  call void $Py_DecRef(ptr %head)
  br label %release
release:
  call void $Py_DecRef(ptr %capsule)
  br label %nothing
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
