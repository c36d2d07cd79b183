using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;

namespace LatentDb.Grains.Wire;

/// <summary>
/// Fields of the maps that contracts become: every field of this program is written, nil where there is nothing; a reader passes over fields that it does
/// not know and takes a missing one for nil, so that silos of neighbouring versions understand each other.
/// </summary>
internal static class WireFields
{
    public static void Field(this ref MessagePackWriter writer, int key, long value)
    {
        writer.WriteInt64(key);
        writer.WriteInt64(value);
    }

    public static void Field(this ref MessagePackWriter writer, int key, ulong? value)
    {
        writer.WriteInt64(key);
        if (value is ulong number) writer.WriteUInt64(number);
        else writer.WriteNil();
    }

    public static void Field(this ref MessagePackWriter writer, int key, bool value)
    {
        writer.WriteInt64(key);
        writer.WriteBoolean(value);
    }

    public static void Field(this ref MessagePackWriter writer, int key, string? value)
    {
        writer.WriteInt64(key);
        writer.WriteString(value);
    }

    public static void Field(this ref MessagePackWriter writer, int key, VersionNumber? value)
    {
        writer.WriteInt64(key);
        writer.Write(value);
    }

    public static void Field<T>(this ref MessagePackWriter writer, int key, T? value, WriteValue<T> write)
    {
        writer.WriteInt64(key);
        if (value is null) writer.WriteNil();
        else write(ref writer, value);
    }

    public static void FieldOf<T>(this ref MessagePackWriter writer, int key, T? value, WriteValue<T> write)
        where T : struct
    {
        writer.WriteInt64(key);
        if (value is T some) write(ref writer, some);
        else writer.WriteNil();
    }

    public static void Field<T>(this ref MessagePackWriter writer, int key, ImmutableArray<T> items, WriteValue<T> write)
    {
        writer.WriteInt64(key);
        WriteArray(ref writer, items, write);
    }

    public static void WriteArray<T>(ref MessagePackWriter writer, ImmutableArray<T> items, WriteValue<T> write)
    {
        if (items.IsDefault) items = [];
        writer.WriteArrayHeader(items.Length);
        foreach (T item in items) write(ref writer, item);
    }

    public static T Required<T>(this ref FieldReader fields, ref MessagePackReader reader, int key, ReadValue<T> read)
    {
        fields.Field(ref reader, key);
        T value = read(ref reader);
        fields.Next(ref reader);
        return value;
    }

    public static T? Optional<T>(this ref FieldReader fields, ref MessagePackReader reader, int key, ReadValue<T> read)
        where T : class
    {
        if (!fields.TryField(ref reader, key)) return null;
        T? value = reader.TryReadNil() ? null : read(ref reader);
        fields.Next(ref reader);
        return value;
    }

    public static T? OptionalOf<T>(this ref FieldReader fields, ref MessagePackReader reader, int key, ReadValue<T> read)
        where T : struct
    {
        if (!fields.TryField(ref reader, key)) return null;
        T? value = reader.TryReadNil() ? null : read(ref reader);
        fields.Next(ref reader);
        return value;
    }

    public static ImmutableArray<T> Array<T>(this ref FieldReader fields, ref MessagePackReader reader, int key, ReadValue<T> read, int maxItems)
    {
        fields.Field(ref reader, key);
        ImmutableArray<T> items = ReadArray(ref reader, read, maxItems);
        fields.Next(ref reader);
        return items;
    }

    public static ImmutableArray<T> ReadArray<T>(ref MessagePackReader reader, ReadValue<T> read, int maxItems)
    {
        int count = reader.ReadArrayHeader();
        if (count > maxItems) throw new MessagePackFormatException($"{count} items where {maxItems} may stand at most.");
        var items = ImmutableArray.CreateBuilder<T>(Math.Min(count, WireLimits.FirstCapacity));
        for (int i = 0; i < count; i++) items.Add(read(ref reader));
        return items.DrainToImmutable();
    }
}
