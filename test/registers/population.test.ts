import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idNumberParts, isIdNumber } from '../../platform/id-number.ts';
import { fullYears } from '../../subgraphs/population/dates.ts';
import { PEOPLE_MAX, numberOf } from '../../subgraphs/population/numbers.ts';
import { PROVINCES, REGISTRATION_PROVINCES } from '../../subgraphs/population/provinces.ts';
import { createPopulation, POPULATION_TODAY, type Person } from '../../subgraphs/population.ts';

const population = createPopulation({ seed: 11, size: 4_000 });
const people = [...population.people()];
const at = (index: number | null): Person | undefined => (index === null ? undefined : people[index]);

describe('the synthetic population', () => {
  it('is the same for a seed, whoever is asked first, and another for another seed', () => {
    const again = createPopulation({ seed: 11, size: 4_000 });
    for (const index of [3_999, 0, 2_020, 21]) expect(again.person(index)).toEqual(people[index]);
    const other = createPopulation({ seed: 12, size: 4_000 });
    expect(other.person(0).fullName === people[0]?.fullName && other.person(0).idNumber === people[0]?.idNumber).toBe(false);
  });

  it('gives the same draws for a person and topic, and unrelated ones for the next person and topic', () => {
    const person = population.person(5);
    const drawn = [1, 2, 3].map(() => population.randomOf(person, 'education.school').next());
    expect(new Set(drawn).size).toBe(1);
    expect(population.randomOf(person, 'education.exam').next()).not.toBe(drawn[0]);
    expect(population.randomOf(population.person(6), 'education.school').next()).not.toBe(drawn[0]);
  });

  it('has well-formed ID numbers, each once, that say the sex, the birth year and one of the 63 codes', () => {
    expect(new Set(people.map((person) => person.idNumber)).size).toBe(people.length);
    for (const person of people) {
      expect(isIdNumber(person.idNumber)).toBe(true);
      const { registrationCode, sex, birthYear } = idNumberParts(person.idNumber);
      expect({ registrationCode, sex, birthYear }).toEqual({
        registrationCode: person.registrationCode,
        sex: person.sex,
        birthYear: Number(person.dateOfBirth.slice(0, 4)),
      });
      expect(REGISTRATION_PROVINCES.has(person.registrationCode)).toBe(true);
    }
  });

  it('gives no two people of the same sex and birth year one number, even millions of indices apart', () => {
    const index = fc.integer({ min: 0, max: PEOPLE_MAX - 1 });
    const about = { sex: 'FEMALE', birthYear: 1990 } as const;
    fc.assert(
      fc.property(index, fc.integer({ min: 1, max: 49 }), index, (one, millions, other) => {
        const apart = (one + millions * 1_000_000) % PEOPLE_MAX;
        fc.pre(one !== other);
        expect(numberOf(3, one, about)).not.toBe(numberOf(3, apart, about));
        expect(numberOf(3, one, about)).not.toBe(numberOf(3, other, about));
      }),
    );
  });

  it('has parents of the right sex, 18 to 45 years older, and alive when the child was born', () => {
    let known = 0;
    for (const child of people) {
      for (const [parent, sex] of [
        [at(child.motherIndex), 'FEMALE'],
        [at(child.fatherIndex), 'MALE'],
      ] as const) {
        if (parent === undefined) continue;
        known += 1;
        expect(parent.sex).toBe(sex);
        const older = fullYears(parent.dateOfBirth, child.dateOfBirth);
        expect(older).toBeGreaterThanOrEqual(18);
        expect(older).toBeLessThanOrEqual(45);
        if (parent.statusSince !== null) expect(parent.statusSince > child.dateOfBirth).toBe(true);
      }
    }
    expect(known).toBeGreaterThan(people.length);
  });

  it('has three generations: people whose grandmothers are known', () => {
    const grandchildren = people.filter((person) => at(at(person.motherIndex)?.motherIndex ?? null) !== undefined);
    expect(grandchildren.length).toBeGreaterThan(people.length / 10);
  });

  it('has mutual spouses, both alive, of legal age at the wedding (Law 52/2014/QH13 art. 8)', () => {
    let couples = 0;
    for (const person of people) {
      const spouse = at(person.spouseIndex);
      expect(person.spouseIndex === null).toBe(person.marriage === null || person.marriage.endedOn !== null);
      if (spouse === undefined) continue;
      couples += 1;
      expect(spouse.spouseIndex).toBe(person.index);
      expect(spouse.marriage).toEqual(person.marriage);
      expect([person.status, spouse.status]).not.toContain('DECEASED');
      expect(person.sex).not.toBe(spouse.sex);
      expect(fullYears(person.dateOfBirth, person.marriage?.marriedOn ?? '')).toBeGreaterThanOrEqual(person.sex === 'MALE' ? 20 : 18);
    }
    expect(couples).toBeGreaterThan(1_000);
  });

  it('ends marriages by the first death or by a divorce before it', () => {
    const ended = people.flatMap((person) => (person.marriage?.endedOn ? [{ person, ...person.marriage }] : []));
    expect(new Set(ended.map(({ endedBy }) => endedBy))).toEqual(new Set(['DEATH', 'DIVORCE']));
    for (const { wifeIndex, husbandIndex, endedOn, endedBy, marriedOn } of ended) {
      const deaths = [at(wifeIndex)?.dateOfDeath, at(husbandIndex)?.dateOfDeath].filter((date) => typeof date === 'string').toSorted();
      expect((endedOn ?? '') > marriedOn).toBe(true);
      if (endedBy === 'DEATH') expect(endedOn).toBe(deaths[0]);
      else if (deaths[0] !== undefined) expect((endedOn ?? '') < deaths[0]).toBe(true);
    }
  });

  it('has minors, dead and missing people, people without parents, without a residence, wards, and birth years from 1930 on', () => {
    const share = (of: (person: Person) => boolean): number => people.filter(of).length / people.length;
    expect(share((person) => fullYears(person.dateOfBirth, POPULATION_TODAY) < 18)).toBeGreaterThan(0.1);
    expect(share((person) => person.status === 'DECEASED')).toBeGreaterThan(0.02);
    expect(share((person) => person.status === 'MISSING')).toBeGreaterThan(0.001);
    expect(share((person) => person.motherIndex === null && person.fatherIndex === null)).toBeGreaterThan(0.2);
    expect(share((person) => person.status === 'ALIVE' && person.province === null)).toBeGreaterThan(0.02);
    expect(share((person) => person.guardianIndex !== null)).toBeGreaterThan(0.002);
    const births = people.map((person) => person.dateOfBirth).toSorted();
    expect((births[0] ?? '') >= '1930').toBe(true);
    expect((births.at(-1) ?? '') <= POPULATION_TODAY).toBe(true);
  });

  it('lets the living live in a household whose head is alive, and minors with an adult', () => {
    for (const person of people.filter(({ status }) => status === 'ALIVE')) {
      const head = at(person.headIndex);
      if (head === undefined) continue;
      expect(head.status).toBe('ALIVE');
      expect(head.headIndex).toBe(head.index);
      expect(fullYears(head.dateOfBirth, POPULATION_TODAY)).toBeGreaterThanOrEqual(18);
    }
  });

  it('never derives an address from an ID number: each code lives in many provinces', () => {
    const born79 = people.filter((person) => person.registrationCode === '079' && person.province !== null);
    expect(new Set(born79.map((person) => person.province)).size).toBeGreaterThan(15);
  });

  it('puts surnames first, the commonest being Nguyễn, and gives children the surname of a known father', () => {
    const surnames = people.map((person) => person.fullName.split(' ', 1)[0]);
    expect(surnames.filter((surname) => surname === 'Nguyễn').length / people.length).toBeGreaterThan(0.25);
    for (const person of people) {
      const father = at(person.fatherIndex);
      if (father !== undefined) expect(surnames[person.index]).toBe(surnames[father.index]);
    }
  });

  it('refers only to people whom it has, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), fc.integer(), (size, seed) => {
        const small = [...createPopulation({ seed, size }).people()];
        expect(small).toHaveLength(size);
        for (const person of small) {
          const { motherIndex, fatherIndex, spouseIndex, guardianIndex, headIndex, marriage } = person;
          const indices = [motherIndex, fatherIndex, spouseIndex, guardianIndex, headIndex, marriage?.wifeIndex, marriage?.husbandIndex];
          for (const index of indices) if (index != null) expect(index).toBeLessThan(size);
        }
      }),
    );
  });

  it('holds for another day: nobody is born or dies after it', () => {
    const today = '2031-07-15';
    for (const person of createPopulation({ seed: 5, size: 400, today }).people()) {
      expect(person.dateOfBirth <= today && (person.statusSince ?? today) <= today).toBe(true);
    }
  });

  it('refuses a size or an index that it cannot have', () => {
    expect(() => createPopulation({ seed: 1, size: PEOPLE_MAX + 1 })).toThrow(RangeError);
    expect(() => createPopulation({ seed: 1, size: 2.5 })).toThrow(RangeError);
    for (const index of [-1, 0.5, 4_000]) expect(() => population.person(index)).toThrow(RangeError);
  });

  it('has the 34 provinces of addresses and the 63 of ID numbers, and seven codes that name another province', () => {
    expect(PROVINCES.size).toBe(34);
    expect(REGISTRATION_PROVINCES.size).toBe(63);
    const trap = [...PROVINCES.values()].filter(({ code, name }) => {
      const old = REGISTRATION_PROVINCES.get(`0${code}`);
      return old !== name && !['Huế', 'Thành phố Hồ Chí Minh'].includes(name);
    });
    expect(trap.map(({ code }) => code)).toEqual(['15', '24', '44', '52', '80', '82', '91']);
  });
});
